import { expect, test } from 'vitest';
import { parseChecked } from '../../../../src/cluster/native/images/listed.ts';

const [manifest, other, id] = ['a', 'b', 'c'].map((digit) => `sha256:${digit.repeat(64)}`);

/** Of containerd 1.6.20. */
const output = `REF                 TYPE                                       DIGEST     STATUS         SIZE              UNPACKED
docker.io/me/a:1 application/vnd.oci.image.manifest.v1+json ${manifest} complete (2/2) 72.5 MiB/72.5 MiB true
docker.io/me/half:1 application/vnd.oci.image.manifest.v1+json ${other} incomplete (1/2) 1.0 KiB/1.0 MiB false
docker.io/me/packed:1 application/vnd.oci.image.manifest.v1+json ${other} complete (3/3) 1.0 MiB/1.0 MiB false
docker.io/me/x:1 application/vnd.oci.image.manifest.v1+json ${other} complete (3/3) 0.0 B/0.0 B true
${id} application/vnd.oci.image.manifest.v1+json ${manifest} complete (2/2) 72.5 MiB/72.5 MiB true
`;

test('names with digest, id and size; what is not complete or not unpacked is not there; a name that is an id is none', () => {
  expect(parseChecked(output)).toEqual([
    { name: 'docker.io/me/a:1', digest: manifest, id, bytes: 76_021_760 },
    { name: 'docker.io/me/x:1', digest: other, id: other, bytes: 0 },
  ]);
});

test('nothing in an empty list, and in what is none', () => {
  expect(parseChecked('REF TYPE DIGEST STATUS SIZE UNPACKED\n')).toEqual([]);
  expect(parseChecked('ctr: something else')).toEqual([]);
});
