import { expect, test } from 'vitest';
import { verifyNoPrograms } from '../../../../src/lib/kube/kubeconfig/programs.ts';
import { renderYaml } from '../../../../src/lib/template.ts';

const entriesOf = (name: string) => ({
  cluster: { name, cluster: { server: `https://${name}:6443` } },
  user: { name, user: { token: 't' } },
  context: { name, context: { cluster: name, user: name } },
});
const all = [entriesOf('one'), entriesOf('two')];
const two = {
  'current-context': 'one',
  clusters: all.map(({ cluster }) => cluster),
  users: all.map(({ user }) => user),
  contexts: all.map(({ context }) => context),
};

const withUser = (name: string, user: object) =>
  renderYaml({ ...two, users: [...two.users.filter((one) => one.name !== name), { name, user }] });

test.each(['exec', 'auth-provider'])('%s of the current context is refused', async (kind) => {
  await expect(verifyNoPrograms(withUser('one', { [kind]: { command: 'evil' } }), 'mine')).rejects.toMatchObject({
    id: 'usage.kubeconfig',
    message: `mine: user 'one' gets its credentials from a program, which is not run: ${kind}`,
    hint: expect.stringContaining('kubectl create token'),
  });
});

test('also where a name is a number in one place and text in another', async () => {
  const text = withUser('one', { exec: { command: 'evil' } }).replaceAll(/\bone\b/g, '1');
  await expect(verifyNoPrograms(text.replace('current-context: 1', 'current-context: "1"'), 'mine')).rejects.toThrow(
    "user '1' gets its credentials from a program",
  );
});

test('one of another context is never run, so it may be there; text that is no YAML is not quoted', async () => {
  await verifyNoPrograms(withUser('two', { exec: { command: 'evil' } }), 'mine');
  await expect(verifyNoPrograms('token: s3cret\n{', 'mine')).rejects.toThrow(
    expect.objectContaining({ message: expect.not.stringContaining('s3cret') }),
  );
});

test('without a current context there is none', async () => {
  for (const text of ['', renderYaml({ ...two, 'current-context': '' })]) {
    await expect(verifyNoPrograms(text, 'mine')).resolves.toBeUndefined();
  }
});
