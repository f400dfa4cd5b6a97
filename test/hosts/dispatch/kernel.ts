/**
 * A kernel as Dispatch's contract describes it: typed event hooks whose handlers are isolated from each other, services
 * by handle, storage namespaces, a registry of surfaces, a gate for what an extension has not declared.
 */
import { createMemoryStorage, type MemoryStorage } from "../../support/memory-storage.ts";
import { createRecordingLogger } from "../../support/recording-logger.ts";
import type { VirtualClock } from "../../support/virtual-clock.ts";

interface Handle {
  readonly kind: string;
  readonly id: string;
}

interface Manifest {
  readonly id: string;
  readonly apiVersion: string;
  readonly dependsOn?: readonly string[];
  readonly capabilities?: Readonly<Record<string, boolean>>;
  readonly contributes?: { readonly services?: readonly string[] };
}

interface Extension {
  readonly manifest: Manifest;
  // The kernel hands over more than any one extension asks for.
  activate(host: ReturnType<Kernel["hostFor"]>): void | Promise<void>;
  deactivate?(): void | Promise<void>;
}

const API_VERSION = "0.1.0";

export class Kernel {
  readonly logger = createRecordingLogger();
  readonly namespaces = new Map<string, MemoryStorage>();
  readonly disabled = new Map<string, string>();
  readonly active: Extension[] = [];
  readonly #clock: VirtualClock;
  readonly #handlers = new Map<string, Set<(payload: never) => void>>();
  readonly #services = new Map<string, unknown>();

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  /** Activates all, what they depend on first. One that fails is disabled, and the others go on. */
  async boot(extensions: readonly Extension[]): Promise<void> {
    for (const extension of inOrder(extensions)) {
      const { id, apiVersion } = extension.manifest;
      try {
        if (apiVersion !== `^${API_VERSION}`) throw new Error(`it is for kernel ${apiVersion}`);
        await extension.activate(this.hostFor(extension.manifest));
        this.active.push(extension);
      } catch (error) {
        this.disabled.set(id, String(error));
      }
    }
  }

  async shutDown(): Promise<void> {
    for (const extension of this.active.toReversed()) await extension.deactivate?.();
  }

  emit(id: string, payload: unknown): void {
    for (const handler of [...(this.#handlers.get(id) ?? [])]) {
      try {
        handler(payload as never);
      } catch (error) {
        this.logger.error(`a handler of ${id} threw`, { error: String(error) });
      }
    }
  }

  handlersOf(id: string): number {
    return this.#handlers.get(id)?.size ?? 0;
  }

  /** All that stands in its log. */
  said(): string {
    return JSON.stringify(this.logger.lines);
  }

  service(id: string): unknown {
    return this.#services.get(id);
  }

  storage(namespace: string): MemoryStorage {
    const known = this.namespaces.get(namespace) ?? createMemoryStorage(this.#clock);
    this.namespaces.set(namespace, known);
    return known;
  }

  hostFor({ id, capabilities = {}, contributes = {} }: Manifest) {
    const gated = (capability: string) => {
      if (capabilities[capability] !== true) throw new Error(`${id} has not declared ${capability}`);
    };
    return {
      on: <Payload>(hook: Handle, handler: (payload: Payload) => void) => {
        if (hook.kind !== "event") throw new Error(`${hook.id} is no event hook`);
        const handlers = this.#handlers.get(hook.id) ?? new Set();
        this.#handlers.set(hook.id, handlers.add(handler));
        return () => void handlers.delete(handler);
      },
      emit: (hook: Handle, payload: unknown) => this.emit(hook.id, payload),
      getService: <Service>(handle: Handle): Service => {
        if (handle.kind !== "service") throw new Error(`${handle.id} is no service`);
        if (!this.#services.has(handle.id)) throw new Error(`nobody provides ${handle.id}`);
        return this.#services.get(handle.id) as Service;
      },
      provideService: (handle: Handle, service: unknown) => {
        if (contributes.services?.includes(handle.id) !== true)
          throw new Error(`${id} does not contribute ${handle.id}`);
        this.#services.set(handle.id, service);
      },
      storage: (namespace: string) => this.storage(namespace),
      logger: this.logger,
      get secrets(): unknown {
        gated("secrets");
        return {};
      },
    };
  }
}

/** As the kernel does it: neither an id twice, nor one that depends on what is not there. */
function inOrder(extensions: readonly Extension[]): Extension[] {
  const byId = new Map(extensions.map((extension) => [extension.manifest.id, extension]));
  if (byId.size < extensions.length) throw new Error("Duplicate extension id");
  const ordered = new Set<Extension>();
  function visit(extension: Extension): void {
    for (const id of extension.manifest.dependsOn ?? []) {
      const needed = byId.get(id);
      if (needed === undefined) throw new Error(`${extension.manifest.id} depends on ${id}`);
      visit(needed);
    }
    ordered.add(extension);
  }
  for (const extension of extensions) visit(extension);
  return [...ordered];
}
