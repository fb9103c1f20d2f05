/**
 * What a child may know of our environment. Never all of it: ours holds database passwords and store credentials,
 * and /proc shows a child's environment to everyone who runs as the same user.
 */
const passedOn = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'LANG',
  'LC_ALL',
  'LC_CTYPE',
  'TZ',
  'TMPDIR',
  'XDG_RUNTIME_DIR',
  'XDG_CONFIG_HOME',
  'SSL_CERT_FILE',
  // Where passwords are, and none of them: libpq refuses one that others may read.
  'PGPASSFILE',
  'SSL_CERT_DIR',
  'DOCKER_HOST',
  'DOCKER_CONTEXT',
  'DOCKER_CONFIG',
  'DOCKER_CERT_PATH',
  'DOCKER_TLS_VERIFY',
] as const;

const usualPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export function cleanEnvironment(
  ours: Readonly<Record<string, string | undefined>>,
  added: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const clean: Record<string, string> = { PATH: usualPath };
  for (const name of passedOn) {
    const value = ours[name];
    if (value !== undefined && value !== '') clean[name] = value;
  }
  return { ...clean, ...added };
}
