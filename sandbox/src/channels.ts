import type { HostChannel } from '../../contract/host-api.ts';

function channel(id: string, type: HostChannel['type'], name: string, replies: boolean): HostChannel {
  return { id, type, name, status: 'active', capabilities: { replies } };
}

/** Per tenant two WhatsApp numbers, a one-way SMS sender and an SMS number that takes answers. */
export const CHANNELS: Record<string, HostChannel[]> = {
  romashka: [
    channel('wa-romashka-sales', 'whatsapp', 'Ромашка — продажи', true),
    channel('wa-romashka-service', 'whatsapp', 'Ромашка — сервис', true),
    channel('sms-romashka', 'sms', 'ROMASHKA', false),
    channel('sms-romashka-number', 'sms', '+7 900 000-00-01', true),
  ],
  vasilek: [
    channel('wa-vasilek-shop', 'whatsapp', 'Vasilek — shop', true),
    channel('wa-vasilek-delivery', 'whatsapp', 'Vasilek — delivery', true),
    channel('sms-vasilek', 'sms', 'VASILEK', false),
    channel('sms-vasilek-number', 'sms', '+7 900 000-00-02', true),
  ],
};
