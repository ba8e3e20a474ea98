// The shared styles come first, so that a component may refine them.
import './ui/tokens.css';
import './ui/base.css';
import './ui/controls.css';
import { createPinia } from 'pinia';
import { createApp } from 'vue';
import App from './App.vue';
import { createClient, setClient } from './api/client.ts';
import { createBridge } from './host/bridge.ts';
import { useHost } from './host/host.store.ts';
import { createTokens } from './host/tokens.ts';
import { language } from './i18n/index.ts';
import { watchAttention } from './ui/attention.ts';

const query = new URLSearchParams(location.search);
const origins = document.querySelector<HTMLMetaElement>('meta[name="host-origins"]')?.content ?? '';

const app = createApp(App).use(createPinia());
const host = useHost();
// As the address says, until the host says it itself.
host.setLocale(query.get('locale') ?? navigator.language);
host.setTheme(query.get('theme') ?? 'light');

const tokens = createTokens({
  request: (reason) => bridge.requestToken(reason),
  onLost: () => (host.sessionLost = true),
  onFound: () => (host.sessionLost = false),
});
const bridge = createBridge({
  window,
  origins: origins.split(/\s+/).filter((origin) => origin !== ''),
  embedId: query.get('embed_id') ?? '',
  onInit(init) {
    tokens.set(init);
    host.setLocale(init.locale);
    host.setTheme(init.theme);
    host.capabilities = init.capabilities ?? [];
    host.phase = 'open';
  },
  onLocale: host.setLocale,
  onTheme: host.setTheme,
  onVisibility: (visible) => (host.visible = visible),
  onUnanswered: () => (host.phase = 'unanswered'),
});
host.connect({ bridge, tokens });
setClient(createClient({ tokens, language: () => language.value }));
watchAttention();
app.mount('#app');
bridge.start();
