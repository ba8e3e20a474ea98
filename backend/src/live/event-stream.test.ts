import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import express, { type Response } from 'express';
import { EventStream, STALL_MS } from './event-stream.ts';

/** A reader on a socket that takes only what the test takes. */
let server: Server;
let socket: Socket;
let response: Response;
let stream: EventStream;

beforeEach(async () => {
  const app = express();
  const asked = new Promise<Response>((resolve) => app.get('/', (_request, answer) => resolve(answer)));
  server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  response = await asked;
  stream = new EventStream(response, Infinity);
});
afterEach(() => {
  socket.destroy();
  server.close();
});

const MEGABYTE = 1024 * 1024;

/** Sends until the reader is behind. @returns how many events that took */
function fill(): number {
  let sent = 0;
  do stream.send('campaign', `"${'x'.repeat(MEGABYTE)}${(sent += 1)}"`);
  while (!response.writableNeedDrain);
  return sent;
}

async function readUntil(text: string): Promise<string> {
  let read = '';
  for await (const chunk of socket) {
    read = (read + String(chunk)).slice(-MEGABYTE * 2);
    if (read.includes(text)) return read;
  }
  throw new Error('the stream has ended');
}

test('an event has its name and its data, and nothing holds it back', async () => {
  stream.send('campaign', '{"id":1}');
  const read = await readUntil('{"id":1}');
  expect(read).toMatch(/^HTTP\/1\.1 200/);
  expect(read).toContain('Content-Type: text/event-stream');
  expect(read).toContain('event: campaign\ndata: {"id":1}\n\n');
});

test('nothing is kept for a slow reader but the last event', async () => {
  fill();
  const held = response.writableLength;
  for (let i = 0; i < 50; i += 1) stream.send('campaign', '"one between"');
  stream.send('campaign', '"the last"');
  expect(response.writableLength).toBe(held);
  expect(await readUntil('"the last"')).not.toContain('one between');
});

test('a reader that takes nothing is cut off after its time, and not before', async () => {
  fill();
  const now = Date.now();
  stream.beat(now);
  stream.beat(now + STALL_MS - 1);
  expect(stream.isOpen).toBe(true);
  stream.beat(now + STALL_MS);
  expect(stream.isOpen).toBe(false);
  await once(response, 'close');
});

test('a reader that has caught up has all its time again', async () => {
  fill();
  const now = Date.now();
  stream.beat(now);
  stream.send('campaign', '"caught up"');
  await readUntil('"caught up"');
  stream.beat(now + STALL_MS);
  expect(stream.isOpen).toBe(true);
});

test('what a slow reader has not taken is not waited for at the end', async () => {
  fill();
  stream.end();
  await once(response, 'close');
  expect(stream.isOpen).toBe(false);
});
