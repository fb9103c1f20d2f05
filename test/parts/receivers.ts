import { createServer as createHttpServer, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';

export type HttpReceiver = {
  readonly url: string;
  readonly received: {
    readonly path: string;
    readonly headers: IncomingHttpHeaders;
    readonly body: unknown;
  }[];
  /** What it answers from now on. */
  answer(status: number): void;
  close(): Promise<void>;
};

/** A webhook's other end, on 127.0.0.1. */
export async function startHttpReceiver(): Promise<HttpReceiver> {
  const received: HttpReceiver['received'] = [];
  let status = 202;
  const server = createHttpServer(async (request, response) => {
    const body: unknown = JSON.parse(await text(request));
    received.push({ path: request.url ?? '', headers: request.headers, body });
    response.writeHead(status).end('ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    answer: (next) => {
      status = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

export type Mail = { readonly from: string; readonly to: readonly string[]; readonly data: string };

export type SmtpReceiver = {
  readonly url: string;
  readonly mails: Mail[];
  /** What clients said to log in. */
  readonly logins: string[];
  close(): Promise<void>;
};

/** As much of a mail server as a client needs to hand a mail over. */
export async function startSmtpReceiver(login?: {
  readonly user: string;
  readonly password: string;
}): Promise<SmtpReceiver> {
  const mails: Mail[] = [];
  const logins: string[] = [];
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    serve(socket, { mails, logins, login });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mails,
    logins,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

function serve(
  socket: Socket,
  known: {
    readonly mails: Mail[];
    readonly logins: string[];
    readonly login: { readonly user: string; readonly password: string } | undefined;
  },
): void {
  let [from, data, inData] = ['', '', false];
  let to: string[] = [];
  let rest = '';
  const say = (line: string) => socket.write(`${line}\r\n`);
  const take = (line: string) => {
    if (inData) {
      if (line !== '.') {
        data += `${line.replace(/^\.\./, '.')}\n`;
        return;
      }
      inData = false;
      known.mails.push({ from, to, data });
      say('250 taken');
      return;
    }
    const address = /<([^>]*)>/.exec(line)?.[1] ?? '';
    if (/^EHLO/i.test(line))
      say(known.login === undefined ? '250 receiver' : '250-receiver\r\n250 AUTH PLAIN');
    else if (/^AUTH PLAIN/i.test(line)) {
      const [, user, password] = Buffer.from(line.slice(11), 'base64').toString().split('\0');
      known.logins.push(`${user}`);
      say(user === known.login?.user && password === known.login?.password ? '235 welcome' : '535 no');
    } else if (/^MAIL FROM/i.test(line)) {
      [from, to, data] = [address, [], ''];
      say('250 ok');
    } else if (/^RCPT TO/i.test(line)) {
      to = [...to, address];
      say('250 ok');
    } else if (/^DATA/i.test(line)) {
      inData = true;
      say('354 go on');
    } else if (/^QUIT/i.test(line)) {
      say('221 bye');
      socket.end();
    } else say(/^STARTTLS/i.test(line) ? '502 no TLS here' : '250 ok');
  };
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    const lines = `${rest}${chunk.toString('utf8')}`.split('\r\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  });
  say('220 receiver');
}
