import type { Session } from '../../../contract/session.ts';
import { client } from './client.ts';

export function getSession(): Promise<Session> {
  return client().call('GET', '/api/session');
}
