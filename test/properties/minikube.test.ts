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

property('minikube: events', fc.array(mutatedJson(...seeds.minikubeEvents), { maxLength: 4 }), (lines) => {
  const text = lines.join('\n');
  for (const event of parseEvents(text)) [describeEvent(event), isRuntimeReady(event)];
  const error = minikubeFailure({ what: 'x', result: { exitCode: 80, stdout: text, stderr: text }, logPath: '/l' });
  assert.equal(error.name, 'UserError');
});

property(
  'minikube: profiles and their state',
  fc.tuple(mutatedJson(...seeds.minikubeProfiles), mutatedJson(...seeds.minikubeStates)),
  ([list, status]) => parseProfile('p', list, status),
);

property('minikube: images', mutatedJson([{ repoTags: ['a:1'] }]), (text) => {
  assert.ok(parseImages(text).every((image) => typeof image === 'string'));
});

property('minikube: docker info', mutatedJson(...seeds.dockerInfo), parseDockerInfo);

property(
  'minikube: published ports',
  fc.array(mutatedText('127.0.0.1:20000-20199:20000-20199', '0.0.0.0:80:80/tcp'), { maxLength: 3 }),
  (texts) => {
    const published = parsePublished(texts);
    for (const ports of published) assert.notEqual(findCovering(ports, published), undefined);
  },
);
