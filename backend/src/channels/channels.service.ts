import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import * as v from 'valibot';
import { TemplateSchema, type Channel, type Template } from '../../../contract/channel.ts';
import type { Provider } from '../dispatch/gateway.ts';
import { ProblemError } from '../errors.ts';
import { declaredLimit, keepLimits } from './declared-limits.ts';
import { Messengers } from './messengers.ts';

/** The account's channels and their templates, as its host or another messenger lists them now. */
@Injectable()
export class ChannelsService {
  constructor(
    private readonly messengers: Messengers,
    private readonly dataSource: DataSource,
  ) {}

  /** What it says of limits is kept for the sending, whoever asked. */
  async channels(accountId: number): Promise<Channel[]> {
    const data = await (await this.messengers.of(accountId)).channels(accountId);
    await keepLimits(this.dataSource.manager, accountId, data);
    return data
      .filter(({ type }) => type === 'whatsapp' || type === 'sms')
      .map((channel) => ({
        id: channel.id,
        method: channel.type === 'whatsapp' ? 'waba' : 'sms',
        name: channel.name,
        status: channel.status,
        replies: channel.capabilities.replies,
        limitPerMinute: declaredLimit(channel),
      }));
  }

  /** What the channels are of. */
  provider(accountId: number): Promise<Provider> {
    return this.messengers.providerOf(accountId);
  }

  async channel(accountId: number, channelId: string): Promise<Channel | null> {
    const channels = await this.channels(accountId);
    return channels.find(({ id }) => id === channelId) ?? null;
  }

  /** Templates whose shape we do not understand are left out rather than sent wrongly. */
  async templates(accountId: number, channelId: string): Promise<Template[]> {
    if (!(await this.channel(accountId, channelId))) throw new ProblemError('channel_unknown');
    const data = await (await this.messengers.of(accountId)).templates(accountId, channelId);
    return data.filter((template): template is Template => v.is(TemplateSchema, template));
  }

  async template(accountId: number, channelId: string, templateId: string): Promise<Template | null> {
    const templates = await this.templates(accountId, channelId);
    return templates.find(({ id }) => id === templateId) ?? null;
  }
}
