import { Injectable } from '@nestjs/common';
import * as v from 'valibot';
import { renderTemplate } from '../../../../contract/channel.ts';
import type { HostChannel, HostChatRequest } from '../../../../contract/host-api.ts';
import type { GatewayAnswer, Leave, OutboundMessage } from '../../dispatch/gateway.ts';
import { ProblemError } from '../../errors.ts';
import type { Exchange } from '../host/exchange.ts';
import { HostClient } from '../host/host-client.ts';
import { failureOf } from '../host/host-messenger.ts';
import { Installations, type HostAccess } from '../installations.ts';
import { noAnswer, troubleOf, type Messenger } from '../messenger.ts';
import { channelOfInbox, inboxOfChannel, type Place } from './chatwoot-access.ts';
import { answerOf, Decided, refused } from './chatwoot-answers.ts';
import { ChatwootContacts } from './chatwoot-contacts.ts';
import { inboxesOf, MARK, MessagesSchema, typeOf, unfitBecause } from './chatwoot-says.ts';
import { templateOf, templateParams } from './chatwoot-templates.ts';

/**
 * Messages through Chatwoot's inboxes. Each begins a conversation of its own that is resolved from the start, so that no
 * operator sees it; the customer's answer begins an open one. It knows no keys: a repeat would be a second message.
 */
@Injectable()
export class ChatwootMessenger implements Messenger {
  readonly honoursKeys = false;
  private readonly contacts: ChatwootContacts;

  constructor(
    private readonly installations: Installations,
    private readonly client: HostClient,
  ) {
    this.contacts = new ChatwootContacts(client);
  }

  async send(message: OutboundMessage, leave: Leave): Promise<GatewayAnswer> {
    let exchange: Exchange | null = null;
    try {
      const access = await this.access(message.accountId);
      const body = {
        ...bodyOf(message, access),
        contact_id: await this.contacts.idOf(access, message.phone),
      };
      exchange = this.client.begin(access, { method: 'POST', path: '/conversations', body, leave });
      const answer = await exchange.answer;
      // Nobody has been written to.
      if (answer.status === 404) this.contacts.forget(access, message.phone);
      return answerOf(answer);
    } catch (error) {
      return error instanceof Decided ? error.answer : failureOf(error, exchange?.hasLeft ?? false);
    }
  }

  async channels(accountId: number): Promise<HostChannel[]> {
    const access = await this.access(accountId);
    return (await this.inboxes(access))
      .filter((inbox) => unfitBecause(inbox) === null)
      .map((inbox) => ({
        id: channelOfInbox(access, inbox.id),
        type: typeOf(inbox)!,
        name: inbox.name,
        status: inbox.reauthorization_required ? 'disconnected' : 'active',
        capabilities: { replies: true },
      }));
  }

  async templates(accountId: number, channelId: string): Promise<unknown[]> {
    const access = await this.access(accountId);
    const wanted = inboxOfChannel(access, channelId);
    const inbox = (await this.inboxes(access)).find(({ id }) => id === wanted);
    return (inbox?.message_templates ?? []).map(templateOf).filter((template) => template !== null);
  }

  /** The chat is there already, begun by the answer; what it lacks is what was answered: a note that operators alone see. */
  async openChat(accountId: number, { campaign, message, reply }: HostChatRequest): Promise<string> {
    const access = await this.access(accountId);
    const id = reply.id.split('/')[0]!;
    const path = `/conversations/${encodeURIComponent(id)}/messages`;
    const ask = async (body?: object) => {
      const request = {
        method: body ? 'POST' : 'GET',
        path,
        ...(body && { body }),
        longest: 1024 * 1024,
      } as const;
      const answer = await this.client.begin(access, request).answer.catch(noAnswer);
      if (answer.status !== 200) throw troubleOf(answer.status);
      return answer.body;
    };
    const mark = `note:${message.client_ref}`;
    const { payload } = v.parse(MessagesSchema, await ask());
    if (!payload.some(({ content_attributes }) => content_attributes?.[MARK] === mark)) {
      const content = `**${campaign.name}**\n\n${message.text}`;
      await ask({ content, message_type: 'outgoing', private: true, content_attributes: { [MARK]: mark } });
    }
    return id;
  }

  private async inboxes(access: HostAccess) {
    return inboxesOf(await this.client.read(access, '/inboxes'));
  }

  private async access(accountId: number): Promise<HostAccess> {
    const connection = await this.installations.connection(accountId);
    if (connection?.provider !== 'chatwoot') throw new ProblemError('installation_inactive');
    return connection.access;
  }
}

/** @throws Decided for what Chatwoot would not send as it stands */
function bodyOf({ channelId, content, reference }: OutboundMessage, place: Place) {
  const inbox = inboxOfChannel(place, channelId);
  if (inbox === null) {
    throw new Decided({ kind: 'stop', reason: 'sender_blocked', detail: 'the inbox of another Chatwoot' });
  }
  const isTemplate = content.kind === 'template';
  const params = isTemplate ? templateParams(content.template, content.variables) : undefined;
  if (params === null) throw new Decided(refused('empty_variable', null));
  const text = isTemplate ? renderTemplate(content.template, content.variables) : content.text;
  // Chatwoot fills in `{{contact.name}}` and the like wherever it finds them.
  if (/\{\{|\{%/.test(text + JSON.stringify(params ?? ''))) {
    throw new Decided(refused('refused', '{{ or {% would be read as a variable of Chatwoot'));
  }
  return {
    inbox_id: inbox,
    status: 'resolved',
    message: {
      content: text,
      content_attributes: { [MARK]: reference },
      ...(params && { template_params: params }),
    },
  };
}
