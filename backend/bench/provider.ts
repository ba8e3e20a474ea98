/** A provider of its own process on loopback that takes everything at once; tells its parent where it listens. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

let nth = 0;
const server = createServer((request, response) => {
  request.resume().once('end', () => {
    nth += 1;
    const body = JSON.stringify({ id: `provider-${nth}`, status: 'accepted' });
    response.writeHead(202, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());
