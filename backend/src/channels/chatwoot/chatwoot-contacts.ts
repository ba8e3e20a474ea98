import * as v from 'valibot';
import type { Exchange, HostResponse } from '../host/exchange.ts';
import type { HostClient } from '../host/host-client.ts';
import type { HostAccess } from '../installations.ts';
import { answerOf, Decided, refused } from './chatwoot-answers.ts';
import { ContactsSchema, NewContactSchema } from './chatwoot-says.ts';

/** Contacts that are remembered, some hundred bytes each. */
const KEPT = 50_000;
/** For how long, in ms: for the message that missed its slot over the search. An operator may give a contact another number. */
const FRESH_MS = 30_000;

/** Which contact at Chatwoot has a number: found, or added. Nothing here writes to a customer. */
export class ChatwootContacts {
  private readonly known = new Map<string, { id: number; until: number }>();

  constructor(private readonly client: HostClient) {}

  /** @param phone E.164 with its plus · @throws Decided */
  async idOf(access: HostAccess, phone: string): Promise<number> {
    const key = keyOf(access, phone);
    const known = this.known.get(key);
    if (known && performance.now() < known.until) return known.id;
    // Somebody may have added it in between, so it is looked for once more.
    const id =
      (await this.find(access, phone)) ?? (await this.add(access, phone)) ?? (await this.find(access, phone));
    if (id === null) throw new Decided(refused('recipient_invalid', null));
    if (this.known.size >= KEPT) this.known.delete(this.known.keys().next().value!);
    this.known.set(key, { id, until: performance.now() + FRESH_MS });
    return id;
  }

  private async find(access: HostAccess, phone: string): Promise<number | null> {
    const path = `/contacts/search?include_contact_inboxes=false&q=${encodeURIComponent(phone)}`;
    const { body } = await this.before(this.client.begin(access, { method: 'GET', path }));
    const found = v.safeParse(ContactsSchema, body);
    if (!found.success) throw new Decided({ kind: 'not_sent', detail: 'no list of contacts' });
    return found.output.payload.find(({ phone_number }) => phone_number === phone)?.id ?? null;
  }

  private async add(access: HostAccess, phone: string): Promise<number | null> {
    const body = { name: phone, phone_number: phone };
    const answer = await this.before(this.client.begin(access, { method: 'POST', path: '/contacts', body }));
    const added = v.safeParse(NewContactSchema, answer.body);
    return added.success ? added.output.payload.contact.id : null;
  }

  /** Of what comes before the message itself: whatever goes wrong, nothing has left. */
  private async before(exchange: Exchange): Promise<HostResponse> {
    const answer = await exchange.answer.catch((error: unknown) => {
      const { code, name } = error as { code?: unknown; name?: unknown };
      throw new Decided({ kind: 'not_sent', detail: String(code ?? name) });
    });
    if (answer.status === 200 || answer.status === 422) return answer;
    const decided = answerOf(answer);
    const isKnown = decided.kind === 'stop' || decided.kind === 'slow';
    throw new Decided(isKnown ? decided : { kind: 'not_sent', detail: `HTTP ${answer.status}` });
  }

  /** It was removed there, or merged with another. */
  forget(access: HostAccess, phone: string): void {
    this.known.delete(keyOf(access, phone));
  }
}

/** Each place counts its contacts by itself. */
function keyOf({ origin, basePath }: HostAccess, phone: string): string {
  return `${origin}${basePath} ${phone}`;
}
