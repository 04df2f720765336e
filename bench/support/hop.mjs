// A process between a client and a server: answers arrive as late as from another machine.
import { connect, createServer } from 'node:net';

const [host, port, delayMs] = process.argv.slice(2);
const proxy = createServer({ noDelay: true }, (client) => {
  const server = connect({ host, port: Number(port), noDelay: true });
  client.pipe(server);
  server.on('data', (data) => setTimeout(() => client.write(data), Number(delayMs)));
  // Behind what is still on its way.
  server.once('close', () => setTimeout(() => client.destroy(), Number(delayMs)));
  for (const one of [client, server]) one.on('error', () => undefined);
  client.once('close', () => server.destroy());
});
proxy.listen(0, '127.0.0.1', () => process.send?.(proxy.address().port));
process.once('disconnect', () => process.exit());
