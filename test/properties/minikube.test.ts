import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseDockerInfo } from '../../src/cluster/minikube/docker/daemon.ts';
import { findCovering, parsePublished } from '../../src/cluster/minikube/docker/published.ts';
import { describeEvent, isRuntimeReady, parseEvents } from '../../src/cluster/minikube/events.ts';
import { minikubeFailure } from '../../src/cluster/minikube/failures.ts';
import { parseImages } from '../../src/cluster/minikube/images.ts';
import { parseProfile } from '../../src/cluster/minikube/profile.ts';
import { mutatedJson, mutatedText } from '../support/properties/mutations.ts';
import { property } from '../support/properties/property.ts';
import * as seeds from '../support/properties/seeds.ts';
import { accepted } from '../support/properties/shares.ts';

property(
  'minikube: events',
  fc.array(mutatedJson(...seeds.minikubeEvents), { maxLength: 4 }),
  (lines) => {
    const text = lines.join('\n');
    const events = parseEvents(text);
    for (const event of events) [describeEvent(event), isRuntimeReady(event)];
    const error = minikubeFailure({ what: 'x', result: { exitCode: 80, stdout: text, stderr: text }, logPath: '/l' });
    assert.equal(error.name, 'UserError');
    return accepted(Math.min(1, events.length));
  },
  { accepts: 0.33, good: [seeds.minikubeEvents.map((event) => JSON.stringify(event))] },
);

property(
  'minikube: profiles and their state',
  fc.tuple(mutatedJson(...seeds.minikubeProfiles), mutatedJson(...seeds.minikubeStates)),
  ([list, status]) => parseProfile('p', list, status),
  {
    accepts: 0.46,
    good: [[`${JSON.stringify(seeds.minikubeProfiles[0])}`, `${JSON.stringify(seeds.minikubeStates[0])}`]],
  },
);

property(
  'minikube: images',
  mutatedJson([{ repoTags: ['a:1'] }]),
  (text) => {
    const images = parseImages(text);
    assert.ok(images.every((image) => typeof image === 'string'));
    return accepted(Math.min(1, images.length));
  },
  { accepts: 0.15 },
);

property('minikube: docker info', mutatedJson(...seeds.dockerInfo), parseDockerInfo, { accepts: 0.28 });

property(
  'minikube: published ports',
  fc.array(mutatedText('127.0.0.1:20000-20199:20000-20199', '0.0.0.0:80:80/tcp'), { maxLength: 3 }),
  (texts) => {
    const published = parsePublished(texts);
    for (const ports of published) assert.notEqual(findCovering(ports, published), undefined);
    return accepted(Math.min(1, published.length));
  },
  { accepts: 0.12, good: [['127.0.0.1:20000-20199:20000-20199']] },
);
