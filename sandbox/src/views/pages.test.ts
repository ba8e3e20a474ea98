import { afterEach, expect, test } from '@jest/globals';
import { startInstalled, type Installed } from '../../test/installed.ts';

let host: Installed;
afterEach(() => host.stop());

async function page(path: string): Promise<string> {
  return (await fetch(host.sandbox.url + path)).text();
}

test('the integrations page offers to install, then shows the campaign the frame told of', async () => {
  host = await startInstalled();
  expect(await page('/?tenant=vasilek&locale=en')).toContain('data-action="install"');
  const card = { tenant: 'romashka', name: '<b>Осень</b>', state: 'running' };
  await host.call('POST', '/sandbox/card', card);
  const html = await page('/');
  expect(html).toContain('&#60;b&#62;Осень');
  expect(html).toContain('Идёт');
  expect(html).toContain('/integration/mass-messaging?tenant=romashka');
});

test('the integration page embeds the widget with the account, the language and the theme, and no token', async () => {
  host = await startInstalled();
  await host.sandbox.installs.install('vasilek');
  const html = await page('/integration/mass-messaging?tenant=vasilek&role=viewer&locale=en&theme=dark');
  const data = /<script type="application\/json" id="data">([^<]*)</.exec(html)![1]!;
  expect(JSON.parse(data)).toMatchObject({
    url: `${host.integration.url}/widget/`,
    host: host.sandbox.url,
    tenant: 'vasilek',
    role: 'viewer',
  });
  expect(html).toContain('<html lang="en" data-theme="dark"');
  expect(html).not.toMatch(/eyJ/);
});

test.each(['/', '/integration/mass-messaging', '/rmo', '/phones', '/sandbox'])(
  '%s is drawn in both languages',
  async (path) => {
    host = await startInstalled();
    expect(await page(`${path}?locale=ru`)).toContain('<html lang="ru"');
    const english = await page(`${path}?locale=en`);
    expect(english).toContain('<html lang="en"');
    const main = /<main[\s\S]*<\/main>/.exec(english)![0];
    expect(main.replace(/<textarea[\s\S]*?<\/textarea>|<th scope="row">.*?<\/th>/g, '')).not.toMatch(
      /[а-яё]/i,
    );
    const scripts = [...english.matchAll(/(?:src|href)="(\/static\/[^"]+)"/g)].map((match) => match[1]!);
    for (const script of scripts) expect((await fetch(host.sandbox.url + script)).status).toBe(200);
  },
);

test('the address of a page can carry settings', async () => {
  host = await startInstalled();
  await page('/?latencyMs=7&receipts.delayMs=100&receipts.enabled=true');
  expect(host.sandbox.settings.get()).toMatchObject({
    latencyMs: 7,
    receipts: { enabled: true, delayMs: 100 },
  });
  expect((await fetch(`${host.sandbox.url}/?rate429=5`)).status).toBe(422);
});
