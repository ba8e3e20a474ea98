import type { Channel, Template } from '../../../contract/channel.ts';
import { client } from './client.ts';

export async function getChannels(): Promise<Channel[]> {
  return (await client().call<{ data: Channel[] }>('GET', '/api/channels')).data;
}

export async function getTemplates(channelId: string): Promise<Template[]> {
  const path = `/api/channels/${encodeURIComponent(channelId)}/templates`;
  return (await client().call<{ data: Template[] }>('GET', path)).data;
}
