import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Sees the bytes of one direction before they are passed on. @returns false: they, and all that follow, are dropped */
export type Tap = (bytes: Buffer, towards: 'server' | 'client', link: object) => boolean;

/**
 * A wire that can be harmed, on loopback only:
 *
 *   open ──cut()──▶ every connection reset, new ones too ──mend()──▶ open
 *     └──swallow()──▶ connections stay, their bytes are lost, nobody is told ──mend()──▶ new ones work, the old stay lost
 */
export class TcpProxy {
  private readonly server = createServer((client) => void this.join(client));
  private readonly sockets = new Set<Socket>();
  /** Their bytes go nowhere. */
  private readonly lost = new WeakSet<Socket>();
  /** Nor does one end learn when the other closes. */
  private readonly halfOpen = new WeakSet<Socket>();
  private state: 'open' | 'cut' | 'swallowing' = 'open';
  tap: Tap | null = null;

  /** @param targets the ports to try, in order, for each new connection */
  private constructor(private readonly targets: () => readonly number[]) {}

  static async to(targets: () => readonly number[], port = 0): Promise<TcpProxy> {
    const proxy = new TcpProxy(targets);
    proxy.server.listen(port, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  cut(): void {
    this.state = 'cut';
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  swallow(): void {
    this.state = 'swallowing';
    for (const socket of this.sockets) this.forget(socket);
  }

  private forget(socket: Socket): void {
    this.lost.add(socket);
    this.halfOpen.add(socket);
  }

  mend(): void {
    this.state = 'open';
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    if (!this.server.listening) return;
    this.server.close();
    await once(this.server, 'close');
  }

  private async join(client: Socket): Promise<void> {
    this.keep(client);
    if (this.state === 'cut') return void client.resetAndDestroy();
    if (this.state === 'swallowing') return this.forget(client.resume());
    // Nothing is read before there is somewhere to pass it on to.
    const server = await this.reach();
    if (!server || client.destroyed) {
      server?.destroy();
      return void client.resetAndDestroy();
    }
    const link = {};
    this.pass(client, server, 'server', link);
    this.pass(server, client, 'client', link);
  }

  private async reach(): Promise<Socket | null> {
    for (const port of this.targets()) {
      const socket = connect(port, '127.0.0.1');
      this.keep(socket);
      const connected = await new Promise<boolean>((done) => {
        socket.once('connect', () => done(true)).once('close', () => done(false));
      });
      if (connected) return socket;
    }
    return null;
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket.setNoDelay(true));
    socket.on('error', () => undefined).on('close', () => this.sockets.delete(socket));
  }

  private pass(from: Socket, to: Socket, towards: 'server' | 'client', link: object): void {
    from.on('data', (bytes: Buffer) => {
      if (this.lost.has(from)) return;
      if (this.tap && !this.tap(bytes, towards, link)) {
        this.lost.add(from).add(to);
        return;
      }
      if (!to.write(bytes)) {
        from.pause();
        to.once('drain', () => from.resume());
      }
    });
    from.on('close', () => this.halfOpen.has(from) || to.destroy());
  }
}
