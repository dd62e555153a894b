import assert from 'node:assert/strict';
import fc from 'fast-check';
import { noteVersion } from '../../src/cluster/attach/verify.ts';
import { objectsIn, parseAnswer, readLines, readText, verifyObject } from '../../src/lib/kube/answer.ts';
import { parseResources } from '../../src/lib/kube/discovery.ts';
import { refusalOf } from '../../src/lib/kube/error.ts';
import type { KubeHttp } from '../../src/lib/kube/http.ts';
import { watchObjects } from '../../src/lib/kube/watch.ts';
import { mutatedJson } from '../support/properties/mutations.ts';
import { attempt } from '../support/properties/promises.ts';
import { property } from '../support/properties/property.ts';
import * as seeds from '../support/properties/seeds.ts';
import { unlessError } from '../support/properties/shares.ts';

const answers = fc.record({
  lists: fc.array(mutatedJson(...seeds.podLists), { minLength: 1, maxLength: 3 }),
  events: fc.array(mutatedJson(...seeds.watchEvents), { maxLength: 9 }),
});

property(
  'kube: lists, and events of a watch',
  answers,
  async ({ lists, events }) => {
    const stop = new AbortController();
    let asked = 0;
    const http: KubeHttp = async () => {
      const list = lists[asked % lists.length] ?? '';
      if (++asked === 4) stop.abort();
      return {
        text: async () => list,
        lines: async function* () {
          yield* events.slice(asked, asked + 3);
        },
      };
    };
    const selection = { apiVersion: 'v1', kind: 'Pod' };
    const input = { http, pathOf: async () => '/x', selection, signal: stop.signal, reconnectPauseMs: 0 };
    for await (const objects of watchObjects(input))
      assert.ok(objects.every(({ metadata }) => typeof metadata.name === 'string'));
  },
  {
    weight: 4,
    accepts: 0.48,
    good: [{ lists: [JSON.stringify(seeds.podLists[0])], events: [JSON.stringify(seeds.watchEvents[0])] }],
  },
);

property('kube: discovery', mutatedJson(...seeds.apiResources), (text) => void parseResources(text), { accepts: 0.44 });

property(
  'kube: version',
  mutatedJson({ major: '1', minor: '34+', gitVersion: 'v1.34.0' }),
  (text) => void noteVersion(text),
  { accepts: 0.41 },
);

property(
  'kube: answers and refusals',
  mutatedJson(...seeds.podLists, ...seeds.statuses),
  (text) => {
    const answer = attempt(() => parseAnswer(text));
    if ('value' in answer) attempt(() => [verifyObject(answer.value), objectsIn(answer.value)]);
    const error = refusalOf({ method: 'GET', path: '/api?token=x', code: 403, text });
    assert.equal(error.id, 'cluster.refused');
    return unlessError(answer);
  },
  { accepts: 0.4 },
);

property(
  'kube: a body comes out whole, however it is cut up',
  fc.record({
    text: fc.string({ unit: 'grapheme' }),
    lines: fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 5 }),
    cuts: fc.array(fc.nat(9), { minLength: 1, maxLength: 8 }),
  }),
  async ({ text, lines, cuts }) => {
    const pieces = async function* (whole: string) {
      const bytes = Buffer.from(whole);
      let [at, cut] = [0, 0];
      while (at < bytes.length) {
        const length = 1 + (cuts[cut++ % cuts.length] ?? 0);
        yield bytes.subarray(at, at + length);
        at += length;
      }
    };
    const clean = (one: string) => one.replaceAll('\n', '').replaceAll('\ufeff', '');
    assert.equal(await readText(pieces(text)), text.replace(/^\ufeff/, ''));
    const wanted = lines.map(clean).filter(Boolean);
    const seen: string[] = [];
    for await (const line of readLines(pieces(wanted.map((line) => `${line}\n`).join('')))) seen.push(line);
    assert.deepEqual(seen, wanted);
  },
);
