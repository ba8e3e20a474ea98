import { request, type Agent } from 'undici';
import * as v from 'valibot';
import { ProblemError } from '../../errors.ts';
import { textOf } from '../outgoing.ts';

const MAX_BYTES = 64 * 1024;

interface Question {
  agent: Agent;
  timeoutMs: number;
  url: string;
  /** Sent as JSON by POST; without one it is a GET. */
  body?: object;
  accessToken?: string;
}

/**
 * A question to a host with a preset, and its answer.
 * @throws ProblemError `host_unavailable`, also where the answer is not of the host's API
 */
export async function ask<T extends v.GenericSchema>(
  schema: T,
  { agent, timeoutMs, url, body, accessToken }: Question,
): Promise<v.InferOutput<T>> {
  try {
    const answer = await request(url, {
      dispatcher: agent,
      method: body ? 'POST' : 'GET',
      headers: {
        accept: 'application/json',
        ...(body ? { 'content-type': 'application/json' } : {}),
        ...(accessToken ? { authorization: `Bearer ${accessToken}` } : {}),
      },
      body: body ? JSON.stringify(body) : null,
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await textOf(answer.body, MAX_BYTES);
    if (answer.statusCode !== 200) throw new Error(`status ${answer.statusCode}`);
    return v.parse(schema, JSON.parse(text));
  } catch {
    throw new ProblemError('host_unavailable');
  }
}
