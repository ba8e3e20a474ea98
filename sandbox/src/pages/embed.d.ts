/** The types of embed.js, for hosts that are written in TypeScript. */
export interface EmbedOptions {
  /** Its content is replaced by the frame. */
  into: HTMLElement;
  /** The placement's `url` of the manifest, resolved on its `base_url`. */
  url: string;
  /** Your issuer, as registered. */
  host: string;
  /** The account's id at your side. */
  tenant: string;
  user: { display_name: string };
  /** A fresh session token from your backend; asked for at the beginning, before the old one ends and when it was refused. */
  token(): Promise<SessionToken> | SessionToken;
  /** Of the user; by default the page's own. */
  locale?: string;
  theme?: 'light' | 'dark';
  /** The frame's accessible name. */
  title?: string;
  /** CSS pixels between which the frame's height stays, whatever it asks for. */
  minHeight?: number;
  maxHeight?: number;
  /** The frame has answered for the first time. */
  onReady?(): void;
  /** The frame has not answered for eight seconds. */
  onSilent?(): void;
  /** Which campaign the card shows; nulls when none is open. */
  onCard?(card: { name: string | null; state: string | null }): void;
  /** Plain text, at most 200 characters. */
  onNotify?(notice: { level: 'info' | 'success' | 'error'; text: string }): void;
  /** A question over your whole page, in plain text; answers whether it was confirmed. Without it the card asks by itself. */
  onConfirm?(question: {
    title: string;
    /** Lines. */
    text: string;
    ok: string;
    cancel: string;
    /** What is confirmed cannot be taken back. */
    danger: boolean;
  }): Promise<boolean> | boolean;
  /** The chat that a reply has opened is asked for, by your id of it. Without it the card offers no way there. */
  onNavigate?(to: { target: 'conversation'; id: string }): void;
  /** No token could be had, or the frame says that something is wrong. */
  onError?(error: unknown): void;
}

export interface SessionToken {
  token: string;
  /** ISO instant. */
  expires_at: string;
}

export interface Embedded {
  frame: HTMLIFrameElement;
  setLocale(locale: string): void;
  setTheme(theme: 'light' | 'dark'): void;
  /** Takes the frame away and hears nothing more of it. */
  remove(): void;
}

export function embed(options: EmbedOptions): Embedded;
