import type { Gateway, GatewayAnswer, Leave, LookUp, OutboundMessage } from '../src/dispatch/gateway.ts';

/** A provider at the port: keeps what it got, answers as it is told, and lets a test wait for a number of messages. */
export class FakeGateway implements Gateway {
  honoursKeys = true;
  readonly got: OutboundMessage[] = [];
  answer: (message: OutboundMessage, nth: number) => GatewayAnswer | Promise<GatewayAnswer> = (
    _message,
    nth,
  ) => ({
    kind: 'accepted',
    providerId: `p${nth}`,
  });
  /** References that were asked about, and what is said of them. */
  readonly looked: string[] = [];
  known: (message: Pick<OutboundMessage, 'accountId' | 'reference'>) => LookUp | Promise<LookUp> = () => ({
    kind: 'not_known',
  });
  private waiting: { count: number; done: () => void }[] = [];

  /** What happens before its connection is ready. */
  connect: () => Promise<void> = async () => {};

  async send(message: OutboundMessage, leave: Leave): Promise<GatewayAnswer> {
    await this.connect();
    if (!leave()) return { kind: 'late' };
    this.got.push(message);
    const answer = await this.answer(message, this.got.length);
    for (const each of this.waiting) if (this.got.length >= each.count) each.done();
    return answer;
  }

  async lookUp(message: Pick<OutboundMessage, 'accountId' | 'reference'>): Promise<LookUp> {
    this.looked.push(message.reference);
    return this.known(message);
  }

  received(count: number): Promise<void> {
    if (this.got.length >= count) return Promise.resolve();
    return new Promise((done) => this.waiting.push({ count, done }));
  }
}
