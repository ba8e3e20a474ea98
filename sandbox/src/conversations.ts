import type { HostChatRequest } from '../../contract/host-api.ts';
import { now } from './clock.ts';
import type { Journal } from './journal.ts';

/** A customer's message. */
export interface Inbound {
  id: string;
  tenant: string;
  channel: string;
  phone: string;
  text: string;
  at: number;
  /** The id of the message it quotes. */
  inReplyTo: string | null;
}

/** An operator's answer in the workplace; it shows on the customer's phone. */
export interface Answer {
  text: string;
  at: number;
}

/** A chat in the operators' workplace; opened only by the integration, when a customer has answered. */
export interface Chat {
  id: string;
  tenant: string;
  key: string;
  openedAt: number;
  request: HostChatRequest;
  answers: Answer[];
}

/** What customers wrote, and the chats that were opened for it. */
export class Conversations {
  private readonly byPhone = new Map<string, Inbound[]>();
  private readonly chats = new Map<string, Chat>();
  private readonly byKey = new Map<string, Chat>();
  private received = 0;

  constructor(private readonly journal: Journal) {}

  receive(message: Omit<Inbound, 'id' | 'at'>): Inbound {
    const at = now();
    const id = `in_${this.received.toString(36)}_${Math.floor(at).toString(36)}`;
    const inbound = { id, at, ...message };
    this.restoreInbound(inbound);
    this.journal.write({ r: inbound });
    return inbound;
  }

  /** In order of arrival. */
  inboundOf(tenant: string, phone: string): readonly Inbound[] {
    return this.byPhone.get(`${tenant} ${phone}`) ?? [];
  }

  findChatByKey(tenant: string, key: string): Chat | undefined {
    return this.byKey.get(`${tenant} ${key}`);
  }

  findChat(tenant: string, id: string): Chat | undefined {
    const chat = this.chats.get(id);
    return chat?.tenant === tenant ? chat : undefined;
  }

  /** Newest first. */
  chatsOf(tenant: string): Chat[] {
    return [...this.chats.values()].filter((chat) => chat.tenant === tenant).reverse();
  }

  openChat(tenant: string, key: string, request: HostChatRequest): Chat {
    const at = now();
    const id = `chat_${this.chats.size.toString(36)}_${Math.floor(at).toString(36)}`;
    const chat: Chat = { id, tenant, key, openedAt: at, request, answers: [] };
    this.restoreChat(chat);
    this.journal.write({ c: chat });
    return chat;
  }

  answer(chat: Chat, text: string): void {
    chat.answers.push({ text, at: now() });
    this.journal.write({ c: chat });
  }

  restoreInbound(inbound: Inbound): void {
    const name = `${inbound.tenant} ${inbound.phone}`;
    const list = this.byPhone.get(name);
    if (list) list.push(inbound);
    else this.byPhone.set(name, [inbound]);
    this.received += 1;
  }

  restoreChat(chat: Chat): void {
    this.chats.set(chat.id, chat);
    this.byKey.set(`${chat.tenant} ${chat.key}`, chat);
  }
}
