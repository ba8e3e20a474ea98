import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import * as v from 'valibot';
import { TemplateSchema, type Channel, type Template } from '../../../contract/channel.ts';
import type { HostChannel } from '../../../contract/host-api.ts';
import { ProblemError } from '../errors.ts';
import { declaredLimit, keepLimits } from './declared-limits.ts';
import { HostClient } from './host/host-client.ts';

/** The account's channels and their templates, as the host lists them now. */
@Injectable()
export class ChannelsService {
  constructor(
    private readonly client: HostClient,
    private readonly dataSource: DataSource,
  ) {}

  /** What it says of limits is kept for the sending, whoever asked. */
  async channels(accountId: number): Promise<Channel[]> {
    const data = await this.listed(accountId);
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

  /** A host that takes no messages has no such list, and so no channels. */
  private async listed(accountId: number): Promise<HostChannel[]> {
    try {
      return (await this.client.get<{ data: HostChannel[] }>(accountId, '/v1/channels')).data;
    } catch (error) {
      if (error instanceof ProblemError && error.code === 'not_found') return [];
      throw error;
    }
  }

  async channel(accountId: number, channelId: string): Promise<Channel | null> {
    const channels = await this.channels(accountId);
    return channels.find(({ id }) => id === channelId) ?? null;
  }

  /** Templates whose shape we do not understand are left out rather than sent wrongly. */
  async templates(accountId: number, channelId: string): Promise<Template[]> {
    if (!(await this.channel(accountId, channelId))) throw new ProblemError('channel_unknown');
    const path = `/v1/templates?channel_id=${encodeURIComponent(channelId)}`;
    const { data } = await this.client.get<{ data: unknown[] }>(accountId, path);
    return data.filter((template): template is Template => v.is(TemplateSchema, template));
  }

  async template(accountId: number, channelId: string, templateId: string): Promise<Template | null> {
    const templates = await this.templates(accountId, channelId);
    return templates.find(({ id }) => id === templateId) ?? null;
  }
}
