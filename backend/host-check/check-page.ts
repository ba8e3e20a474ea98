/** The page that shows the card, as the frame saw it (`frame.js`). */
import * as v from 'valibot';
import { parseToken } from '../src/host/token.ts';
import { dotted, must } from './fault.ts';
import type { FrameReport } from './our-side.ts';

/** 128 bits in base64url or in hexadecimal digits, or more. */
const EMBED_ID = /^[\w-]{22,}$/;

const InstantSchema = v.pipe(v.string(), v.isoTimestamp());

const InitSchema = v.object({
  embed_id: v.string(),
  token: v.string(),
  expires_at: InstantSchema,
  locale: v.pipe(v.string(), v.minLength(2)),
  theme: v.picklist(['light', 'dark']),
  user: v.object({ display_name: v.string() }),
  capabilities: v.optional(v.array(v.string())),
});

const FreshSchema = v.object({ token: v.string(), expires_at: InstantSchema });

/** @param issuer the host, as it is registered */
export function checkAddress({ query, referrer }: FrameReport, issuer: string): void {
  must(
    query['host'] === issuer,
    `the frame's address needs host=${issuer}, but has ${query['host'] ?? 'none'}`,
  );
  must(query['tenant'], "the frame's address needs tenant, the account's id");
  must(EMBED_ID.test(query['embed_id'] ?? ''), "the frame's address needs embed_id, 128 random bits");
  const token = Object.values(query).some((value) => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(value));
  must(!token, 'a token stands in the address: it would be in logs and in the history. It belongs into init');
  const isOrigin = referrer === '' || new URL(referrer).pathname === '/';
  must(isOrigin, 'the frame needs referrerpolicy="origin": the address of your page came with it');
}

/** @param verify throws for a token that we would not take */
export function checkInit({ init, query }: FrameReport, verify: (token: string) => void): void {
  must(init, 'ready was not answered by init within eight seconds');
  const read = v.safeParse(InitSchema, init);
  must(read.success, `init is not of the contract: ${dotted(read.issues)}`);
  must(read.output.embed_id === query['embed_id'], "init needs the embed_id of the frame's address");
  verify(read.output.token);
  checkTimes(read.output);
  const { tid } = parseToken(read.output.token).claims;
  must(tid === query['tenant'], "the token is of another tenant than the frame's address");
}

export function checkFresh({ fresh }: FrameReport, verify: (token: string) => void): void {
  must(fresh, 'token.request was not answered: token.response needs re, the id of the question');
  const read = v.safeParse(FreshSchema, fresh);
  must(read.success, `token.response is not of the contract: ${dotted(read.issues)}`);
  verify(read.output.token);
  checkTimes(read.output);
}

function checkTimes({ token, expires_at }: { token: string; expires_at: string }): void {
  const { exp } = parseToken(token).claims;
  must(Math.abs(Date.parse(expires_at) / 1000 - Number(exp)) < 5, 'expires_at is not when the token ends');
}

export function checkStranger({ strangerAnswered }: FrameReport): void {
  must(!strangerAnswered, 'a ready with another embed_id was answered: any frame would get a token');
}

export function checkHeight({ heights }: FrameReport): void {
  const wrong = heights.find(({ asked, got }) => asked !== got);
  must(!wrong, `a resize to ${wrong?.asked} pixels made the frame ${wrong?.got} high`);
}
