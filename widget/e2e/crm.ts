import { readFile } from 'node:fs/promises';
import type { Browser, BrowserContext, Download, FrameLocator, Locator, Page } from 'playwright-core';
import type { Role } from '../../contract/session.ts';
import type { TestApp } from '../../backend/test/app.ts';

const PATIENCE_MS = 30_000;

interface View {
  tenant?: 'romashka' | 'vasilek';
  role?: Role;
  locale?: 'ru' | 'en';
  theme?: 'light' | 'dark';
}

/** A person in the CRM: one browser window, the card in its frame, and what they do again and again. */
export class Crm {
  readonly page: Page;
  readonly card: FrameLocator;
  /** What the pages complained of; a test ends with none. */
  readonly errors: string[] = [];
  readonly context: BrowserContext;
  private readonly host: TestApp;
  private readonly view: string;

  private constructor(host: TestApp, context: BrowserContext, page: Page, view: View) {
    this.host = host;
    this.context = context;
    this.page = page;
    this.card = page.frameLocator('#frame');
    this.view = new URLSearchParams({ tenant: 'romashka', ...view }).toString();
    page.on('pageerror', (error) => this.errors.push(error.message));
    page.on('console', (message) => {
      // A refused call is told to the person; the browser logs its status as well.
      const refusal = message.text().startsWith('Failed to load resource');
      if (message.type() === 'error' && !refusal) this.errors.push(message.text());
    });
  }

  static async open(browser: Browser, host: TestApp, view: View = {}): Promise<Crm> {
    // Without a language of its own the browser has one of the machine's, which may be none at all (C, POSIX).
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'ru-RU' });
    context.setDefaultTimeout(PATIENCE_MS);
    return new Crm(host, context, await context.newPage(), view);
  }

  async close(): Promise<void> {
    await this.context.close();
  }

  async visit(path: '/' | '/integration/mass-messaging' | '/rmo' | '/phones'): Promise<void> {
    await this.page.goto(`${this.host.sandbox.url}${path}?${this.view}`);
  }

  /** The open campaign stands in the frame's address, as after a click on it. */
  async visitCampaign(name: string): Promise<void> {
    await this.visit('/integration/mass-messaging');
    await this.card.getByRole('button', { name, exact: true }).click();
    await this.opened(name);
  }

  /**
   * The CRM's page gives the frame its height a moment after the card has it. Until that is drawn, the browser takes a
   * frame that is scrolled for out of sight, and what is pressed in it is lost; nobody scrolls and presses that fast.
   */
  private async opened(name: string): Promise<void> {
    await this.seen(this.card.getByRole('heading', { name, level: 1 }));
    for (;;) {
      const wanted = await this.card.locator('html').evaluate((page) => page.scrollHeight);
      const given = await this.page.locator('#frame').evaluate((frame) => frame.clientHeight);
      for (let frames = 0; frames < 3; frames += 1) await this.nextFrame();
      if (wanted <= given) return;
    }
  }

  private nextFrame(): Promise<unknown> {
    return this.page.evaluate(
      () => new Promise((resolve) => (globalThis as unknown as Frames).requestAnimationFrame(resolve)),
    );
  }

  button(name: string | RegExp): Locator {
    return this.card.getByRole('button', { name, exact: typeof name === 'string' });
  }

  field(name: string): Locator {
    return this.card.getByLabel(name, { exact: true });
  }

  text(text: string | RegExp): Locator {
    return this.card.getByText(text).first();
  }

  async seen(...wanted: (Locator | string | RegExp)[]): Promise<void> {
    for (const each of wanted) {
      const locator = typeof each === 'string' || each instanceof RegExp ? this.text(each) : each;
      await locator.waitFor({ state: 'visible' }).catch(async (error: Error) => {
        const told = await this.card.getByRole('alert').allInnerTexts();
        throw told.length > 0 ? new Error(`${error.message}\nThe card says: ${told.join(' / ')}`) : error;
      });
    }
  }

  async gone(locator: Locator): Promise<void> {
    await locator.waitFor({ state: 'hidden' });
  }

  async createCampaign(name: string): Promise<void> {
    await this.button(/^(Новая рассылка|New campaign)$/).click();
    await this.field('Название рассылки').fill(name);
    await this.button('Создать рассылку').click();
    await this.opened(name);
  }

  /** Resolves when all of it is on the screen, be it that the CRM's page scrolls or the card. */
  async onScreen(locator: Locator): Promise<void> {
    const { width, height } = this.page.viewportSize()!;
    for (;;) {
      const box = await locator.boundingBox();
      const inside =
        box && box.x >= 0 && box.y >= 0 && box.x + box.width <= width && box.y + box.height <= height;
      if (inside) return;
      await this.nextFrame();
    }
  }

  async saved(): Promise<void> {
    await this.seen(this.card.getByText('Сохранено', { exact: true }));
  }

  /** The dialog that asks once more: its title, then the button in it. */
  async confirm(title: string | RegExp, button: string): Promise<void> {
    const dialog = this.card.getByRole('dialog', { name: title });
    await dialog.getByRole('button', { name: button, exact: true }).click();
    await this.gone(dialog);
  }

  async download(press: Locator): Promise<{ name: string; text: string }> {
    const [download] = await Promise.all([this.page.waitForEvent('download'), press.click()]);
    return { name: download.suggestedFilename(), text: await textOf(download) };
  }

  /** The numbers under a loaded file, as their labels say them. */
  async numbersOf(file: string): Promise<Record<string, string>> {
    const result = this.card.locator('.list-result').filter({ hasText: file });
    await this.seen(result);
    return result.locator('.list-numbers').evaluate((list) => {
      const parts = [...list.children].map(
        (part) =>
          part as unknown as { textContent: string; querySelector(name: string): { textContent: string } },
      );
      return Object.fromEntries(
        parts.map((part) => [
          part.querySelector('dt').textContent,
          part.querySelector('dd').textContent.replace(/\s/g, ''),
        ]),
      );
    });
  }

  /** A row of "each row of the files". */
  async part(name: string): Promise<number> {
    const row = this.card
      .locator('.account')
      .getByRole('row')
      .filter({ has: this.card.getByRole('rowheader', { name, exact: true }) });
    return Number((await row.getByRole('cell').innerText()).replace(/\s/g, ''));
  }

  async dropOnCard(name: string, bytes: Uint8Array): Promise<void> {
    await this.card.locator('.campaign-form').evaluate(
      (element, { name, base64 }) => {
        const page = globalThis as unknown as {
          DataTransfer: new () => { items: { add(file: File): void } };
          DragEvent: new (type: string, options: object) => Event;
          atob(text: string): string;
        };
        const dataTransfer = new page.DataTransfer();
        const content = Uint8Array.from(page.atob(base64), (letter) => letter.charCodeAt(0));
        dataTransfer.items.add(new File([content], name, { type: 'text/csv' }));
        const target = element as unknown as EventTarget;
        for (const type of ['dragenter', 'dragover', 'drop']) {
          target.dispatchEvent(new page.DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
        }
      },
      { name, base64: Buffer.from(bytes).toString('base64') },
    );
  }
}

interface Frames {
  requestAnimationFrame(done: (value: unknown) => void): void;
}

export function csvFile(name: string, content: string | Uint8Array) {
  return { name, mimeType: 'text/csv', buffer: Buffer.from(content) };
}

async function textOf(download: Download): Promise<string> {
  return readFile(await download.path(), 'utf8');
}
