import type { Obstacle } from '../../../contract/campaign.ts';

const ELEMENT_OF: Record<Obstacle['field'], string> = {
  name: '#name',
  method: '#method-waba',
  channelId: '#channel',
  templateId: '#template',
  bindings: '.binding select',
  text: '#text',
  removeDuplicates: '#remove-duplicates',
  additionalList: '#additional-list',
  onFileRemoval: '#removal-remove',
  ratePerMinute: '#rate',
  schedule: '#schedule-time, #schedule-at',
  sendingHours: '#hours-from, #hours',
  mainList: '#file-main, #remove-main',
};

/** Brings the reader to the setting that stands in the way. */
export function focusSetting(field: Obstacle['field']): void {
  const element = document.querySelector<HTMLElement>(ELEMENT_OF[field]);
  element?.focus({ preventScroll: true });
  element?.scrollIntoView({ block: 'center', behavior: 'auto' });
}
