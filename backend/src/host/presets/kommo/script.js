/**
 * The card in the settings of our integration in Kommo, as an AMD module, which is what Kommo's Web SDK loads. In the
 * integration's archive, script.js is this one line: define(['https://<BASE_URL>/kommo/script.js'], (widget) => widget);
 * https://developers.kommo.com/docs/widget-locations (places), https://developers.kommo.com/docs/one-time-tokens (shape)
 */
(() => {
  const base = new URL(/** @type {HTMLScriptElement} */ (document.currentScript).src).origin;

  define([], () =>
    /** @this {{ $authorizedAjax(options: object): { done: Function }, callbacks?: object }} */
    function MassMessaging() {
      /** @type {{ remove(): void } | null} */
      let card = null;

      /** @type {() => Promise<{ token: string, expires_at: string, host: string, tenant: string }>} */
      const token = () =>
        new Promise((resolve, reject) =>
          this.$authorizedAjax({ url: `${base}/api/host/kommo/token`, dataType: 'json' })
            .done(resolve)
            .fail((answer) => reject(new Error(`no token: ${answer.status}`))),
        );

      /** @param {HTMLElement} into */
      async function show(into) {
        const [{ embed }, { host, tenant }] = await Promise.all([import(`${base}/kommo/embed.js`), token()]);
        card?.remove();
        card = embed({ into, url: `${base}/widget/`, host, tenant, user: { display_name: '' }, token });
      }

      this.callbacks = {
        init: () => true,
        render: () => true,
        bind_actions: () => true,
        onSave: () => true,
        /** @param {ArrayLike<HTMLElement>} body the settings' window, as jQuery gives it */
        settings(body) {
          const into = document.createElement('div');
          body[0]?.append(into);
          show(into).catch((error) => (into.textContent = `Mass Messaging: ${error.message}`));
          return true;
        },
        destroy: () => card?.remove(),
      };
      return this;
    });
})();
