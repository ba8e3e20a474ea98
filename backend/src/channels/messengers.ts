import { Injectable } from '@nestjs/common';
import type { Provider } from '../dispatch/gateway.ts';
import { ChatwootMessenger } from './chatwoot/chatwoot-messenger.ts';
import { HostMessenger } from './host/host-messenger.ts';
import { Installations } from './installations.ts';
import type { Messenger } from './messenger.ts';

/** All there are, by the name that a run keeps, and which of them an account uses now. */
@Injectable()
export class Messengers implements Record<Provider, Messenger> {
  constructor(
    readonly host: HostMessenger,
    readonly chatwoot: ChatwootMessenger,
    private readonly installations: Installations,
  ) {}

  /** For what begins now; what is under way stays with the one it began with. */
  async providerOf(accountId: number): Promise<Provider> {
    return (await this.installations.connection(accountId))?.provider ?? 'host';
  }

  async of(accountId: number): Promise<Messenger> {
    return this[await this.providerOf(accountId)];
  }
}
