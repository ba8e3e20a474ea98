import { readFileSync } from 'node:fs';
import { expect } from '@jest/globals';
import type { AxeResults } from 'axe-core';
import type { Frame } from 'playwright-core';
import type { Crm } from './crm.ts';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const AXE = readFileSync('node_modules/axe-core/axe.min.js', 'utf8');

/** What the card does wrong by WCAG 2.2, level AA, as far as a program can judge it, in either theme. */
export async function problems(crm: Crm): Promise<string[]> {
  const frame = crm.page.frames().find((each) => each.url().includes('/widget/')) as Frame;
  await frame.evaluate(AXE);
  const dialogs = await crm.card.locator('dialog[open]').count();
  const found: string[] = [];
  for (const theme of ['light', 'dark']) {
    await frame.evaluate((name) => {
      const page = globalThis as unknown as {
        document: {
          documentElement: { dataset: Record<string, string> };
          getAnimations(): { finish(): void }[];
        };
      };
      page.document.documentElement.dataset['theme'] = name;
      // Colours on their way to others are neither.
      for (const each of page.document.getAnimations()) {
        try {
          each.finish();
        } catch {
          // One that never ends.
        }
      }
    }, theme);
    const { violations, passes } = (await frame.evaluate(
      `axe.run(document, { runOnly: ${JSON.stringify(RULES)}, resultTypes: ['violations'] })`,
    )) as AxeResults;
    // It has really looked. Of colours in front of a dialog's backdrop it says nothing; they are those of the rest.
    const judged = dialogs > 0 ? ['button-name'] : ['button-name', 'color-contrast'];
    expect(passes.map(({ id }) => id)).toEqual(expect.arrayContaining(judged));
    for (const { id, nodes } of violations)
      for (const node of nodes)
        found.push(`${theme}: ${id}: ${node.target.join(' ')}: ${node.failureSummary}`);
  }
  return found;
}
