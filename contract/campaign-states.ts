/**
 * The one table of campaign states and of the controls each state allows.
 * The server enforces it in the WHERE of every transition, the widget only shows what it says.
 *
 *   draft ──start──▶ running ⇄ paused          draft ──start at a time──▶ scheduled ──▶ running
 *     ▲                 │
 *     │                 ▼
 *     └──── clear ── completed ──restart──▶ running
 */
export const CAMPAIGN_STATES = ['draft', 'scheduled', 'running', 'paused', 'completed'] as const;
export type CampaignState = (typeof CAMPAIGN_STATES)[number];

/** A run has begun and is not over. */
export function isUnderWay(state: CampaignState): boolean {
  return state === 'running' || state === 'paused';
}

/** It is what a run has made of it; a draft may have had runs before. */
export function hasRun(state: CampaignState): boolean {
  return isUnderWay(state) || state === 'completed';
}

export const CONTROLS = ['start', 'cancelSchedule', 'pause', 'resume', 'clear', 'restart'] as const;
export type Control = (typeof CONTROLS)[number];

/** The states in which each control is offered. */
export const CONTROL_STATES: Record<Control, readonly CampaignState[]> = {
  start: ['draft'],
  cancelSchedule: ['scheduled'],
  pause: ['running'],
  resume: ['paused'],
  clear: ['scheduled', 'running', 'paused', 'completed'],
  restart: ['completed'],
};

export function isControlAllowed(control: Control, state: CampaignState): boolean {
  return CONTROL_STATES[control].includes(state);
}

/** The controls to offer in a state, in the order of the manual. */
export function controlsIn(state: CampaignState): Control[] {
  return CONTROLS.filter((control) => isControlAllowed(control, state));
}

/**
 * Whom a Restart writes to: everybody, those that failed and may be tried again, those not delivered, or chosen groups of
 * those who did not get through.
 */
export const RESTART_SCOPES = ['all', 'failed', 'undelivered', 'chosen'] as const;
export type RestartScope = (typeof RESTART_SCOPES)[number];
