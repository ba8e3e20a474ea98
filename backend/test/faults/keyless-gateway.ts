import { HostMessenger } from '../../src/channels/host/host-messenger.ts';
import { HandOver } from '../../src/dispatch/hand-over.ts';

/**
 * Loaded into a backend before anything else (`node --import`): the provider counts as one that does not make repeats
 * harmless, as Chatwoot is; the sandbox is what the runs are made against.
 */
// Nor may looking it up settle the doubt that is to be counted.
(HostMessenger.prototype as { lookUp: unknown }).lookUp = undefined;

const { accept } = HandOver.prototype;

HandOver.prototype.accept = function (this: HandOver, ...args: Parameters<typeof accept>) {
  (this as unknown as { gateways: { host: { honoursKeys: boolean } } }).gateways.host.honoursKeys = false;
  return accept.apply(this, args);
};
