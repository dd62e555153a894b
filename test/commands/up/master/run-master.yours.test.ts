import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { proveMaster, runMaster } from '../../../../src/commands/up/master/run-master.ts';
import { reachGateway } from '../../../../src/commands/up/reach-gateway.ts';
import { openAccess } from '../../../../src/instance/access.ts';
import { begunUp, healthy, madeSoFar, runInOrder } from '../../../support/up-context.ts';

/** Answers as anybody could on that port, and counts who asks. */
const serveAnything = async () => {
  let calls = 0;
  const server = createServer((_, response) => {
    calls += 1;
    response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls: () => calls };
};

test("a master of the user's own gets no password of the instance, and is no reason to fail", async () => {
  const { up, instance, cluster } = await begunUp();
  const { url, calls } = await serveAnything();
  const kube = await openAccess({ ...cluster, attach: undefined }, {});
  const results = madeSoFar({ instance, started: { cluster, kube, isNew: false } });
  results.set(reachGateway, healthy(cluster).gateway);
  results.set(runMaster, { url, how: 'yours', isNew: false });
  const context = { ...up, config: { ...up.config, withMaster: true } };
  const { ended } = await runInOrder(context, [proveMaster], { results });
  expect(ended).toEqual([
    `skipped: your own master answers there, and its password is yours; to prove the path through it: taskgate smoke --name dev --master ${url}`,
  ]);
  expect(calls()).toBe(0);
});
