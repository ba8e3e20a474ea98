import type { CampaignCard } from '../../../contract/campaign.ts';
import { roleMay, type Role } from '../../../contract/session.ts';

/**
 * What may be done with a campaign from the list, at one press: what takes nothing back and needs no look at it first.
 * Resume only where a person paused it; any other pause has a reason that has to be read.
 */
export function nextAction(
  { state, pauseReason }: Pick<CampaignCard, 'state' | 'pauseReason'>,
  role: Role,
): 'pause' | 'resume' | 'report' | null {
  if (state === 'completed') return 'report';
  if (!roleMay(role, 'control')) return null;
  if (state === 'running') return 'pause';
  return state === 'paused' && pauseReason === 'user' ? 'resume' : null;
}
