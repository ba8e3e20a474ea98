/**
 * The open campaign: as the server has it, and as it is being typed.
 *
 * Answers are taken in order: a poll that began before a change was answered is dropped, and so is any answer
 * with an older version, or read earlier: the stream and the answer to a control may overtake each other. `base` holds the settings the reader has seen; a save carries their version, so that
 * a change by someone else comes back as a conflict and is never overwritten unseen.
 */
import { defineStore } from 'pinia';
import { computed, reactive, ref, shallowRef, watch } from 'vue';
import { editableSettings, newSettings } from '../../../contract/campaign.ts';
import type { Campaign, CampaignSettings } from '../../../contract/campaign.ts';
import type { FieldProblem } from '../../../contract/problems.ts';
import { changeCampaign, getCampaign } from '../api/campaigns.ts';
import { ApiError } from '../api/client.ts';
import { useSession } from '../session/session.store.ts';
import { createAutosave } from './autosave.ts';
import { keep, kept, overtaken } from './kept-draft.ts';
import {
  changesOf,
  differingKeys,
  draftOf,
  rebase,
  sameValue,
  type Draft,
  type SettingKey,
} from './settings-draft.ts';

/** Two reads further apart than this are not in disorder: the database's clock was put back. */
const DISORDER_MS = 10_000;

export interface Conflict {
  theirs: Campaign;
  /** The settings someone else changed. */
  keys: SettingKey[];
}

export const useCampaign = defineStore('campaign', () => {
  const session = useSession();
  const campaign = shallowRef<Campaign | null>(null);
  const draft = reactive<Draft>(draftOf(newSettings('')));
  const base = shallowRef<CampaignSettings>(newSettings(''));
  let baseVersion = 0;
  let epoch = 0;

  const loading = ref(false);
  const loadError = shallowRef<unknown>(null);
  /** Polls in a row that were not answered. */
  const missedPolls = ref(0);
  const saving = ref(false);
  const savedOnce = ref(false);
  const saveError = shallowRef<unknown>(null);
  const conflict = shallowRef<Conflict | null>(null);
  /** What the server said of single settings, until they are changed again. */
  const fieldProblems = shallowRef<Partial<Record<SettingKey, FieldProblem>>>({});
  /** A setting the server refused is not sent again until it is typed anew. */
  let refused: Partial<Record<SettingKey, unknown>> = {};

  const editable = computed(() =>
    campaign.value && session.may('setUp')
      ? editableSettings(campaign.value.state, campaign.value.untouched)
      : [],
  );
  const current = computed(() => changesOf(draft, base.value, editable.value));
  const toSave = computed(() => {
    void fieldProblems.value;
    const entries = Object.entries(current.value.changes).filter(
      ([key, value]) => !(key in refused && sameValue(refused[key as SettingKey], value)),
    );
    return Object.fromEntries(entries) as Partial<CampaignSettings>;
  });
  const invalid = computed(() => [
    ...current.value.invalid,
    ...(Object.keys(fieldProblems.value) as SettingKey[]),
  ]);
  const unsaved = computed(
    () => Object.keys(current.value.changes).length > 0 || current.value.invalid.length > 0,
  );
  const columns = computed(() => [...new Set(campaign.value?.lists.flatMap((list) => list.columns) ?? [])]);

  const autosave = createAutosave({
    pending: () => campaign.value !== null && !conflict.value && Object.keys(toSave.value).length > 0,
    save,
    onSaving: (value) => (saving.value = value),
    onError: (error) => (saveError.value = error),
  });

  watch(draft, () => {
    const kept = Object.entries(fieldProblems.value).filter(([key]) =>
      sameValue(refused[key as SettingKey], current.value.changes[key as SettingKey]),
    );
    if (kept.length !== Object.keys(fieldProblems.value).length) {
      fieldProblems.value = Object.fromEntries(kept);
    }
    if (unsaved.value && !conflict.value) autosave.touch();
  });

  watch([draft, base], () => {
    if (campaign.value) keep(campaign.value, draft, base.value, baseVersion);
  });
  // The window is left, or may never be seen again: what was typed last does not wait for its moment.
  globalThis.addEventListener?.('pagehide', () => void autosave.flush());

  async function save(): Promise<void> {
    const id = campaign.value!.id;
    const settings = { ...toSave.value };
    saveError.value = null;
    for (let attempt = 0; ; attempt += 1) {
      try {
        takeChange(await mutate(() => changeCampaign(id, { version: baseVersion, settings })));
        savedOnce.value = true;
        return;
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (error.code === 'version_conflict' && attempt < 3) {
          if (await meetConflict(id)) return;
        } else if (!takeFieldProblems(error, settings)) {
          throw error;
        } else return;
      }
    }
  }

  /** @returns whether a person has to decide; a version that moved without any setting changing is just taken */
  async function meetConflict(id: number): Promise<boolean> {
    const theirs = await getCampaign(id);
    const keys = differingKeys(base.value, theirs.settings);
    if (keys.length === 0) {
      take(theirs);
      baseVersion = theirs.version;
      return false;
    }
    conflict.value = { theirs, keys };
    return true;
  }

  function takeFieldProblems(error: ApiError, settings: Partial<CampaignSettings>): boolean {
    const problems =
      error.problem.errors ?? (error.code === 'name_taken' ? [{ ...error.problem, field: 'name' }] : []);
    const known = problems.filter((problem) => topField(problem.field) in settings);
    if (known.length === 0) return false;
    for (const problem of known) refused[topField(problem.field)] = settings[topField(problem.field)];
    fieldProblems.value = {
      ...fieldProblems.value,
      ...Object.fromEntries(known.map((problem) => [topField(problem.field), problem])),
    };
    return true;
  }

  /** Runs a call that changes the campaign; polls that overlap it are dropped. */
  async function mutate<T>(call: () => Promise<T>): Promise<T> {
    epoch += 1;
    try {
      return await call();
    } finally {
      epoch += 1;
    }
  }

  /** The server's campaign as it is now; typed settings stay. */
  function take(server: Campaign): void {
    if (!campaign.value || !isNewer(server, campaign.value)) return;
    campaign.value = server;
    if (differingKeys(base.value, server.settings).length === 0) {
      baseVersion = server.version;
    } else if (!unsaved.value) {
      takeChange(server);
    }
  }

  /** The answer to our own change: its settings are the new base. */
  function takeChange(server: Campaign): void {
    if (campaign.value?.id !== server.id) return;
    if (isNewer(server, campaign.value)) campaign.value = server;
    rebase(draft, base.value, server.settings);
    base.value = server.settings;
    baseVersion = server.version;
  }

  function show(server: Campaign): void {
    campaign.value = server;
    base.value = server.settings;
    baseVersion = server.version;
    Object.assign(draft, draftOf(server.settings));
    forgetProblems();
  }

  /** What was typed here before the page was loaded anew is typed again, over the settings that were seen then. */
  function takeUp(server: Campaign): void {
    const last = kept(server);
    if (!last) return;
    const keys = editable.value.filter((key) => key in last.typed);
    if (overtaken(last, server.settings).some((key) => keys.includes(key))) {
      base.value = { ...server.settings, ...last.seen };
      baseVersion = last.version;
    }
    for (const key of keys) Object.assign(draft, { [key]: last.typed[key] });
  }

  function forgetProblems(): void {
    conflict.value = null;
    saveError.value = null;
    fieldProblems.value = {};
    refused = {};
    savedOnce.value = false;
    missedPolls.value = 0;
  }

  async function open(id: number): Promise<void> {
    close();
    const mine = (epoch += 1);
    loading.value = true;
    try {
      const answer = await getCampaign(id);
      if (mine !== epoch) return;
      show(answer);
      takeUp(answer);
    } catch (error) {
      if (mine === epoch) loadError.value = error;
    } finally {
      if (mine === epoch) loading.value = false;
    }
  }

  function close(): void {
    epoch += 1;
    campaign.value = null;
    loading.value = false;
    loadError.value = null;
    forgetProblems();
  }

  /** Asks how the campaign is doing. */
  async function poll(): Promise<void> {
    const id = campaign.value?.id;
    const began = epoch;
    if (id === undefined) return;
    try {
      const answer = await getCampaign(id);
      missedPolls.value = 0;
      if (began === epoch) take(answer);
    } catch (error) {
      missedPolls.value += 1;
      if (began === epoch && error instanceof ApiError && error.code === 'campaign_not_found') {
        close();
        loadError.value = error;
      }
      return;
    }
    answeredAgain();
  }

  /** What the stream says of the campaign. */
  function hear(server: Campaign): void {
    missedPolls.value = 0;
    take(server);
    answeredAgain();
  }

  /** What could not be saved before is tried anew. */
  function answeredAgain(): void {
    if (saveError.value) void autosave.flush();
  }

  function takeTheirs(): void {
    if (conflict.value) show(conflict.value.theirs);
  }

  async function keepMine(): Promise<boolean> {
    if (!conflict.value) return true;
    const { theirs } = conflict.value;
    campaign.value = theirs;
    // What was typed here stays; what was not takes the other person's value.
    rebase(draft, base.value, theirs.settings);
    base.value = theirs.settings;
    baseVersion = theirs.version;
    conflict.value = null;
    return autosave.flush();
  }

  /** True when the server has everything that is on the screen. */
  async function flush(): Promise<boolean> {
    return (await autosave.flush()) && !unsaved.value && !conflict.value;
  }

  return {
    campaign,
    draft,
    loading,
    loadError,
    missedPolls,
    saving,
    savedOnce,
    saveError,
    conflict,
    fieldProblems,
    editable,
    invalid,
    unsaved,
    columns,
    open,
    close,
    show,
    poll,
    hear,
    take,
    mutate,
    flush,
    takeTheirs,
    keepMine,
  };
});

/** Whether an answer is of the same campaign and not older than what is shown. */
function isNewer(server: Campaign, shown: Campaign): boolean {
  if (server.id !== shown.id || server.version < shown.version) return false;
  const late = Date.parse(shown.asOf) - Date.parse(server.asOf);
  return late <= 0 || late > DISORDER_MS;
}

/** `bindings.body.1` is about the setting `bindings`. */
function topField(field: string): SettingKey {
  return field.replace(/^settings\./, '').split(/[.[]/)[0] as SettingKey;
}
