import { HostGateway } from '../../src/channels/host/host-gateway.ts';
import { HandOver } from '../../src/dispatch/hand-over.ts';

/**
 * Loaded into a backend before anything else (`node --import`): the provider counts as one that does not make repeats
 * harmless. The product has no such channel yet; the rules for it are there.
 */
// Nor may looking it up settle the doubt that is to be counted.
(HostGateway.prototype as { lookUp: unknown }).lookUp = undefined;

const { accept } = HandOver.prototype;

HandOver.prototype.accept = function (this: HandOver, ...args: Parameters<typeof accept>) {
  (this as unknown as { gateway: { honoursKeys: boolean } }).gateway.honoursKeys = false;
  return accept.apply(this, args);
};
