import { expect, test } from 'vitest';
import { configPlaces, findConfinement } from '../../../src/tunnel/ngrok/places.ts';

test.each([
  [
    { HOME: '/h' },
    'linux',
    ['/h/.config/ngrok', '/h/snap/ngrok/current/.config/ngrok', '/h/snap/ngrok/common/.config/ngrok', '/h/.ngrok2'],
  ],
  [
    { HOME: '/h', XDG_CONFIG_HOME: '/c' },
    'linux',
    [
      '/c/ngrok',
      '/h/.config/ngrok',
      '/h/snap/ngrok/current/.config/ngrok',
      '/h/snap/ngrok/common/.config/ngrok',
      '/h/.ngrok2',
    ],
  ],
  // as the specification has it, a relative path counts for nothing
  [
    { HOME: '/h', XDG_CONFIG_HOME: 'c' },
    'linux',
    ['/h/.config/ngrok', '/h/snap/ngrok/current/.config/ngrok', '/h/snap/ngrok/common/.config/ngrok', '/h/.ngrok2'],
  ],
  [{ HOME: '/h' }, 'darwin', ['/h/Library/Application Support/ngrok', '/h/.config/ngrok', '/h/.ngrok2']],
] as const)('%j on %s', (env, platform, folders) => {
  expect(configPlaces(env, platform)).toEqual(folders.map((folder) => `${folder}/ngrok.yml`));
});

const find = (file: string, said: string, program = '/usr/bin/ngrok') =>
  findConfinement({ files: [file], program, said }, { HOME: '/home/me' });

test.each([
  [
    '/home/me/.local/state/dev/ngrok.yml',
    'exited with 1: open: permission denied',
    /^ngrok: this agent may not read \/home/,
  ],
  ['/home/me/.local/state/dev/ngrok.yml', 'exited with 1', /ends without a word/],
])('%s, %s', async (file, said, message) => {
  const error = await find(file, said);
  expect(error?.id).toBe('tunnel.ngrok-confined');
  expect(error?.message).toMatch(message);
});

test('a snap is known by its path', async () => {
  expect((await find('/var/lib/state/ngrok.yml', 'exited with 1', '/snap/bin/ngrok'))?.id).toBe(
    'tunnel.ngrok-confined',
  );
});

test.each([
  ['/home/me/.local/state/dev/ngrok.yml', 'exited with 1: yaml: line 2'],
  ['/home/me/state/dev/ngrok.yml', 'exited with 1: open: permission denied'],
  ['/var/lib/.state/ngrok.yml', 'exited with 1'],
])('nothing to do with confinement: %s, %s', async (file, said) => {
  expect(await find(file, said)).toBeUndefined();
});
