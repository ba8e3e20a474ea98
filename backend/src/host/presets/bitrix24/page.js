import { embed } from './embed.js';

/** Between Bitrix24's page and the card's frame: the backend has put into it whom it was opened for. */
const card = /** @type {HTMLElement} */ (document.getElementById('card'));
const { host, tenant, user, locale, form, ...first } = JSON.parse(card.dataset['boot'] ?? '{}');
delete card.dataset['boot'];
document.body.style.margin = '0';

/** @type {{ token: string, expires_at: string } | null} */
let fresh = first;

embed({
  into: card,
  url: new URL('/widget/', location.href).href,
  host,
  tenant,
  locale,
  user: { display_name: user },
  token: async () => {
    if (fresh) {
      const given = fresh;
      fresh = null;
      return given;
    }
    const answer = await fetch('/bitrix24/token', { method: 'POST', body: new URLSearchParams(form) });
    if (!answer.ok) throw new Error(`no token: ${answer.status}`);
    return answer.json();
  },
});
