import { defineStore } from 'pinia';
import { ref } from 'vue';
import type { FrameCapability, FrameMessages } from '../../../contract/host-api.ts';
import { setLanguage } from '../i18n/index.ts';
import type { Bridge } from './bridge.ts';
import type { Tokens } from './tokens.ts';

/** `calling` until the CRM answers; `unanswered` when it never did; `open` once it has. */
export type HostPhase = 'calling' | 'unanswered' | 'open';

export const useHost = defineStore('host', () => {
  const phase = ref<HostPhase>('calling');
  /** The host gives no token any more; what was typed stays on the screen. */
  const sessionLost = ref(false);
  const retrying = ref(false);
  /** The host says whether anybody can see the card; one that does not say shows it. */
  const visible = ref(true);
  const shown = ref('');
  /** What the host's page does for the card beyond the least. */
  const capabilities = ref<readonly FrameCapability[]>([]);
  let bridge: Bridge | null = null;
  let tokens: Tokens | null = null;

  function connect(to: { bridge: Bridge; tokens: Tokens }): void {
    bridge = to.bridge;
    tokens = to.tokens;
  }

  function setTheme(theme: string): void {
    document.documentElement.dataset.theme = theme === 'dark' ? 'dark' : 'light';
  }

  function setLocale(locale: string): void {
    setLanguage(locale);
  }

  async function findSession(): Promise<boolean> {
    retrying.value = true;
    try {
      await tokens?.anew();
      return true;
    } catch {
      return false;
    } finally {
      retrying.value = false;
    }
  }

  /** Tells the integration page which campaign this card is about. */
  function showCard(name: string | null, state: string | null): void {
    const next = `${state}:${name}`;
    if (next === shown.value) return;
    shown.value = next;
    bridge?.card({ name, state });
  }

  return {
    phase,
    visible,
    sessionLost,
    retrying,
    capabilities,
    connect,
    setTheme,
    setLocale,
    findSession,
    showCard,
    resize: (height: number) => bridge?.resize(height),
    /** Only where `capabilities` has it. */
    confirm: (question: FrameMessages['confirm']) => bridge?.confirm(question) ?? Promise.resolve(false),
    openChat: (id: string) => bridge?.navigate({ target: 'conversation', id }),
    notify: (level: 'info' | 'success' | 'error', text: string) => bridge?.notify({ level, text }),
  };
});
