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
  bring(ELEMENT_OF[field]);
}

/** To the place where any row of the files is shown. */
export function focusRow(): void {
  bring('#row-wanted');
}

function bring(selector: string): void {
  const element = document.querySelector<HTMLElement>(selector);
  element?.focus({ preventScroll: true });
  element?.scrollIntoView({ block: 'center', behavior: 'auto' });
}
