import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { chromium, type Browser } from 'playwright-core';

const SYSTEM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const CARRIED = 'node_modules/@sparticuz/chromium';

interface Program {
  path: string;
  env: Record<string, string>;
}

/** CHROME_PATH, the system's Chromium, or the one that npm has brought. Run from the project's root. */
export async function launchBrowser(): Promise<Browser> {
  const { path, env } = await findBrowser();
  const own = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return chromium.launch({
    executablePath: path,
    env: { ...Object.fromEntries(own), ...env },
    // Root has no sandbox, and a container's /dev/shm is small.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--font-render-hinting=none'],
  });
}

async function findBrowser(): Promise<Program> {
  const chosen = process.env['CHROME_PATH'];
  const found = chosen || SYSTEM.find((path) => existsSync(path));
  return found ? { path: found, env: {} } : unpackCarried();
}

/**
 * Unpacked once a version, with the NSS and expat libraries that the package carries for Amazon's machines: so a
 * bare Debian needs nothing installed. It unpacks into the temporary folder, so it is given one of its own, which
 * gets its name only when it is whole: several runs may start at once.
 */
async function unpackCarried(): Promise<Program> {
  const { version } = JSON.parse(readFileSync(join(CARRIED, 'package.json'), 'utf8')) as { version: string };
  const home = join(tmpdir(), `mass-messaging-chromium-${version}`);
  if (!existsSync(home)) {
    mkdirSync(dirname(home), { recursive: true });
    const folder = mkdtempSync(`${home}-`);
    const script = `import('@sparticuz/chromium').then((module) => module.default.executablePath())`;
    const env = { ...process.env, TMPDIR: folder, AWS_LAMBDA_JS_RUNTIME: 'nodejs20.x' };
    await promisify(execFile)(process.execPath, ['-e', script], { env });
    writeFileSync(join(folder, 'fonts.conf'), fontsConfig(home));
    try {
      renameSync(folder, home);
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      if (!existsSync(home)) throw error;
    }
  }
  return {
    path: join(home, 'chromium'),
    env: { LD_LIBRARY_PATH: join(home, 'al2023/lib'), FONTCONFIG_FILE: join(home, 'fonts.conf') },
  };
}

/** The same letters everywhere: the font that comes with the package, and the machine's where it has no glyph. */
function fontsConfig(home: string): string {
  const prefer = (family: string, font: string) =>
    `<alias binding="strong"><family>${family}</family><prefer><family>${font}</family></prefer></alias>`;
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${home}/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${home}/fonts-cache</cachedir>
  ${['sans-serif', 'system-ui'].map((family) => prefer(family, 'Open Sans')).join('\n  ')}
  ${prefer('monospace', 'DejaVu Sans Mono')}
</fontconfig>
`;
}
