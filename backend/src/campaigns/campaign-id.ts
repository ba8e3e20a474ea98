import { ProblemError } from '../errors.ts';

/** The id in a path. What is not a number names no campaign. */
export function campaignId(text: string): number {
  const id = /^[1-9]\d{0,8}$/.test(text) ? Number(text) : NaN;
  if (Number.isNaN(id)) throw new ProblemError('campaign_not_found');
  return id;
}
