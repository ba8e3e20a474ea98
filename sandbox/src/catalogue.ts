import type { HostChannel } from '../../contract/host-api.ts';
import { renderTemplate, type Template } from '../../contract/channel.ts';
import { CHANNELS } from './channels.ts';
import { templatesFor } from './templates.ts';
import type { Accepted } from './ledger.ts';
import { Problem } from './problem.ts';

/** The channels and templates of each tenant. Their status can be changed; a restart puts it back. */
export class Catalogue {
  private readonly channels = structuredClone(CHANNELS);
  private readonly templates = new Map<string, Template[]>();

  constructor(private readonly url: () => string) {}

  channelsOf(tenant: string): HostChannel[] {
    return this.channels[tenant] ?? [];
  }

  channel(tenant: string, id: string): HostChannel | undefined {
    return this.channelsOf(tenant).find((channel) => channel.id === id);
  }

  /** Every WhatsApp channel of a tenant has all its templates, an SMS sender none. */
  templatesOf(tenant: string, channel?: string): Template[] {
    if (channel !== undefined && this.channel(tenant, channel)?.type !== 'whatsapp') return [];
    let templates = this.templates.get(tenant);
    if (!templates) this.templates.set(tenant, (templates = templatesFor(tenant, this.url())));
    return templates;
  }

  template(tenant: string, id: string): Template | undefined {
    return this.templatesOf(tenant).find((template) => template.id === id);
  }

  setTemplate(tenant: string, id: string, change: Partial<Template>): Template {
    const template = this.template(tenant, id);
    if (!template) throw new Problem(404, 'template_not_found', 'There is no such template.');
    return Object.assign(template, change);
  }

  setChannel(tenant: string, id: string, change: Partial<HostChannel>): HostChannel {
    const channel = this.channel(tenant, id);
    if (!channel) throw new Problem(404, 'channel_unknown', 'There is no such channel.');
    return Object.assign(channel, change);
  }

  textOf(message: Accepted): string {
    if (message.text !== null) return message.text;
    const template = message.template && this.template(message.tenant, message.template.id);
    return template && message.template ? renderTemplate(template, message.template.variables) : '';
  }
}
