import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { Duplex } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { ask, echoes, envoy, freePorts, gatewayWith, keep, open, outcomeOf } from '../support/tunnel/forward-run.ts';

test('forwards follow the listeners; those that stay keep their connections, those that go let theirs end', async () => {
  const ports = await freePorts();
  const [one, other] = ports;
  const { fake, dialed, until } = keep({
    ports,
    objects: [gatewayWith(one), envoy('envoy-a')],
    forward: await echoes(),
  });
  await until({ state: 'up', listeners: [{ name: `det-${one}`, port: one, state: 'up' }] });
  const held = await open(one);
  expect(await ask(held, 'first')).toBe('first');
  expect(dialed).toEqual([{ namespace: 'projectcontour', pod: 'envoy-a', port: expect.any(Number) }]);

  fake.put(gatewayWith(one, other));
  await until({ listeners: [{ port: one, connections: 1 }, { port: other }] });
  const added = await open(other);
  expect(await ask(added, 'second')).toBe('second');
  expect(await ask(held, 'third')).toBe('third');

  fake.put(gatewayWith(one));
  await until({ state: 'up', listeners: [{ port: one, connections: 1 }], connections: 2 });
  expect(await outcomeOf(other)).toBe('ECONNRESET');
  expect(await ask(added, 'fourth')).toBe('fourth');
  added.end();
  await until({ connections: 1 });
  expect(await ask(held, 'fifth')).toBe('fifth');
});

test('a port that another program has is named, the others go on, and it is taken when it is free', async () => {
  const ports = await freePorts();
  const [taken, other] = ports;
  const foreign = createServer();
  await new Promise<void>((resolve) => foreign.listen(taken, '127.0.0.1', resolve));
  const { until } = keep({
    ports,
    objects: [gatewayWith(taken, other), envoy('envoy-a')],
    forward: await echoes(),
  });
  await until({
    state: 'degraded',
    detail: expect.stringContaining(`port ${taken} of 127.0.0.1 is used by another program`),
    listeners: [{ state: 'backoff' }, { state: 'up' }],
  });
  expect(await ask(await open(other), 'hello')).toBe('hello');
  await new Promise((resolve) => foreign.close(resolve));
  await until({ state: 'up', listeners: [{ state: 'up' }, { state: 'up' }] });
  expect(await ask(await open(taken), 'hello')).toBe('hello');
});

test('Envoy is replaced: what is new waits for the next pod', async () => {
  const ports = await freePorts();
  const [port] = ports;
  const { fake, dialed, until } = keep({
    ports,
    objects: [gatewayWith(port), envoy('envoy-a')],
    forward: await echoes(),
  });
  await until({ state: 'up' });
  fake.drop(envoy('envoy-a'));
  await until({ state: 'degraded', detail: 'no Envoy pod of Gateway contour is ready' });
  const waiting = await open(port);
  waiting.write('are you there?');
  fake.put(envoy('envoy-b'));
  expect(String((await once(waiting, 'data'))[0])).toBe('are you there?');
  expect(dialed.map(({ pod }) => pod)).toEqual(['envoy-b']);
});

test('a pod that refuses is passed over', async () => {
  const ports = await freePorts();
  const [port] = ports;
  const echo = await echoes();
  const { dialed, until } = keep({
    ports,
    objects: [gatewayWith(port), envoy('envoy-a'), envoy('envoy-b')],
    forward: (to) => (to.pod === 'envoy-a' ? Promise.reject(new Error('404')) : echo(to)),
  });
  await until({ state: 'up' });
  expect(await ask(await open(port), 'hello')).toBe('hello');
  expect(dialed.map(({ pod }) => pod)).toEqual(['envoy-a', 'envoy-b']);
});

test('an API server that is away: said at once, open connections and ports stay, and it heals', async () => {
  const ports = await freePorts();
  const [port] = ports;
  const texts: Record<string, string> = {};
  const { until } = keep({ ports, objects: [gatewayWith(port), envoy('envoy-a')], forward: await echoes(), texts });
  await until({ state: 'backoff', detail: 'fakeKube was not told about path /version', listeners: [{ state: 'up' }] });
  const held = await open(port);
  expect(await ask(held, 'still')).toBe('still');
  texts['/version'] = '{}';
  await until({ state: 'up' });
  expect(await ask(held, 'there')).toBe('there');
});

test('the whole range is held from the start: nobody else gets a port, and who connects without a listener is reset', async () => {
  const ports = await freePorts();
  const { until, status } = keep({
    ports,
    objects: [gatewayWith(ports[1]), envoy('envoy-a')],
    forward: await echoes(),
  });
  await until({ state: 'up', listeners: [{ port: ports[1] }] });
  for (const port of ports) {
    const squatter = createServer();
    const [error] = await once(squatter.listen(port, '127.0.0.1'), 'error');
    expect(error).toMatchObject({ code: 'EADDRINUSE' });
  }
  expect(await outcomeOf(ports[0])).toBe('ECONNRESET');
  expect(await outcomeOf(ports[2])).toBe('ECONNRESET');
  expect(status()).toMatchObject({ state: 'up', connections: 0 });
  expect(await ask(await open(ports[1]), 'hello')).toBe('hello');
});

test('no Gateway', async () => {
  const ports = await freePorts();
  const [port] = ports;
  const { fake, until } = keep({ ports, objects: [envoy('envoy-a')], forward: await echoes() });
  await until({ state: 'degraded', detail: 'there is no Gateway contour' });
  fake.put(gatewayWith(port));
  await until({ state: 'up', listeners: [{ port, state: 'up' }] });
});

test('a far side that breaks off resets the client and is told; one that ends lets it read all and end', async () => {
  const ports = await freePorts();
  const [port] = ports;
  const farSides: Duplex[] = [];
  const { until } = keep({
    ports,
    objects: [gatewayWith(port), envoy('envoy-a')],
    forward: async () => {
      const far = new Duplex({ read: () => undefined, write: (_, __, done) => done() });
      farSides.push(far);
      return far;
    },
  });
  await until({ state: 'up' });
  const broken = await open(port);
  await expect.poll(() => farSides.length).toBe(1);
  farSides[0]?.destroy(new Error('connection refused in the pod'));
  expect((await once(broken, 'error'))[0]).toMatchObject({ code: 'ECONNRESET' });
  await until({ listeners: [{ trouble: 'connection refused in the pod', connections: 0 }] });

  const ended = await open(port);
  await expect.poll(() => farSides.length).toBe(2);
  farSides[1]?.push(Buffer.alloc(100_000, 'x'));
  farSides[1]?.push(null);
  const seen = (await ended.toArray()).reduce((sum: number, bytes: Buffer) => sum + bytes.length, 0);
  expect(seen).toBe(100_000);
});

test('the client ends its side first: the answer still comes to its last byte', async () => {
  const ports = await freePorts();
  const [port] = ports;
  const { until } = keep({ ports, objects: [gatewayWith(port), envoy('envoy-a')], forward: await echoes() });
  await until({ state: 'up' });
  const socket = await open(port);
  const body = Buffer.alloc(5_000_000, 'y');
  socket.end(body);
  expect(Buffer.concat(await socket.toArray()).equals(body)).toBe(true);
  await until({ connections: 0 });
});

test('a client that does not read holds the far side back', async () => {
  const ports = await freePorts();
  const [port] = ports;
  let given = 0;
  const { until } = keep({
    ports,
    objects: [gatewayWith(port), envoy('envoy-a')],
    forward: async () =>
      new Duplex({
        read() {
          given += 65_536;
          setImmediate(() => this.push(Buffer.alloc(65_536)));
        },
        write: (_, __, done) => done(),
      }),
  });
  await until({ state: 'up' });
  const socket = connect({ port, host: '127.0.0.1' }).pause();
  onTestFinished(() => void socket.destroy());
  let before = -1;
  const isStill = () => {
    const still = before === given;
    before = given;
    return still;
  };
  await expect.poll(isStill, { timeout: 10_000, interval: 100 }).toBe(true);
  expect(given).toBeGreaterThan(0);
  expect(given).toBeLessThan(32 * 2 ** 20); // what the kernel's socket buffers take
});

test('the end: ports are free and connections are gone', async () => {
  const ports = await freePorts();
  const [port] = ports;
  const { until, end } = keep({ ports, objects: [gatewayWith(port), envoy('envoy-a')], forward: await echoes() });
  await until({ state: 'up' });
  const held = await open(port);
  const reset = once(held, 'error');
  await until({ connections: 1 });
  await end();
  expect((await reset)[0]).toMatchObject({ code: 'ECONNRESET' });
  expect(await outcomeOf(port)).toBe('ECONNREFUSED');
});
