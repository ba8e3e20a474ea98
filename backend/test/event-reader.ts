import type { Campaign } from '../../contract/campaign.ts';

/** A reader of a campaign's stream, as the widget is one. */
export class EventReader {
  /** Set once the stream has been closed by the server. */
  ended = false;
  private readonly campaigns: Campaign[] = [];
  private text = '';
  private wake: () => void = () => undefined;

  private constructor(
    readonly status: number,
    private readonly abort: AbortController,
    private readonly reading: ReadableStreamDefaultReader<Uint8Array>,
  ) {
    void this.readAll();
  }

  static async open(baseUrl: string, token: string, id: number): Promise<EventReader> {
    const abort = new AbortController();
    const response = await fetch(`${baseUrl}/api/campaigns/${id}/events`, {
      headers: { Authorization: `Bearer ${token}` },
      signal: abort.signal,
    });
    return new EventReader(response.status, abort, response.body!.getReader());
  }

  /** Everything the server has sent so far. */
  get received(): string {
    return this.text;
  }

  /** The first event from here on that is as wanted. */
  async until(wanted: (campaign: Campaign) => boolean): Promise<Campaign> {
    for (;;) {
      for (let next = this.campaigns.shift(); next; next = this.campaigns.shift()) {
        if (wanted(next)) return next;
      }
      if (this.ended) throw new Error('the stream has ended');
      await this.more();
    }
  }

  async untilReceived(text: string): Promise<void> {
    while (!this.text.includes(text)) await this.more();
  }

  async end(): Promise<void> {
    while (!this.ended) await this.more();
  }

  close(): void {
    this.abort.abort();
  }

  private more(): Promise<void> {
    return new Promise((resolve) => (this.wake = resolve));
  }

  private async readAll(): Promise<void> {
    const decoder = new TextDecoder();
    let taken = 0;
    try {
      for (;;) {
        const { done, value } = await this.reading.read();
        if (done) break;
        this.text += decoder.decode(value, { stream: true });
        const whole = this.text.lastIndexOf('\n\n');
        if (whole < taken) continue;
        for (const event of this.text.slice(taken, whole).split('\n\n')) {
          const data = /^event: campaign\ndata: (.*)$/m.exec(event)?.[1];
          if (data !== undefined) this.campaigns.push(JSON.parse(data) as Campaign);
        }
        taken = whole + 2;
        this.wake();
      }
    } catch {
      // Cut off, by the test or by the server.
    }
    this.ended = true;
    this.wake();
  }
}
