import { clone, create, createFileRegistry, type DescFile, type DescService } from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  DescriptorProtoSchema,
  type FieldDescriptorProto,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldDescriptorProtoSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";
import { AppSender } from "../../gen/appsender/appsender_pb.ts";
import { HTTP } from "../../gen/http/http_pb.ts";
import { Reader } from "../../gen/io/reader/reader_pb.ts";
import { Messenger } from "../../gen/messenger/messenger_pb.ts";
import { Database } from "../../gen/rpcdb/rpcdb_pb.ts";
import { ValidatorState } from "../../gen/validatorstate/validatorstate_pb.ts";
import { VM } from "../../gen/vm/vm_pb.ts";
import { has, layoutOf } from "./protocols.ts";

/**
 * What node and plugin speak in one protocol, with that protocol's bytes. The types are those of the newest one: a
 * field that is not there is neither sent nor read.
 */
export interface Services {
  readonly vm: typeof VM;
  readonly http: typeof HTTP;
  readonly appSender: typeof AppSender;
  readonly database: typeof Database;
  readonly messenger: typeof Messenger | undefined;
  readonly validatorState: typeof ValidatorState | undefined;
  readonly reader: typeof Reader;
}

const known = new Map<number, Services>();

/** The services of one protocol. Throws when there is no such protocol. */
export function servicesOf(protocol: number): Services {
  const services = known.get(protocol) ?? {
    vm: at(protocol, VM),
    http: at(protocol, HTTP),
    appSender: at(protocol, AppSender),
    database: at(protocol, Database),
    messenger: has(protocol, "messenger.Messenger") ? at(protocol, Messenger) : undefined,
    validatorState: has(protocol, "validatorstate.ValidatorState") ? at(protocol, ValidatorState) : undefined,
    reader: at(protocol, Reader),
  };
  known.set(protocol, services);
  return services;
}

/** A service as a protocol has it: the newest one, with what is gone, and without what was not there. */
function at<Service extends DescService>(protocol: number, newest: Service): Service {
  const file = fileAt(protocol, newest.file.proto);
  const registry = createFileRegistry(file, (name) => dependency(newest.file, name));
  const service = registry.getService(newest.typeName);
  if (service === undefined) throw new Error(`there is no ${newest.typeName}`);
  return service as Service;
}

function dependency(file: DescFile, name: string): DescFile | undefined {
  return file.dependencies.find(({ proto }) => proto.name === name);
}

function fileAt(protocol: number, newest: FileDescriptorProto): FileDescriptorProto {
  const file = clone(FileDescriptorProtoSchema, newest);
  const prefix = file.package;
  for (const service of file.service) {
    service.method = service.method.filter(({ name }) => has(protocol, `${prefix}.${service.name}.${name}`));
  }
  const gone = goneMessages.filter((name) => layoutOf(`${prefix}.${name}`, protocol) !== undefined);
  for (const name of gone) file.messageType.push(create(DescriptorProtoSchema, { name }));
  for (const message of file.messageType) {
    const name = `${prefix}.${message.name}`;
    const layout = layoutOf(name, protocol);
    if (layout !== undefined) message.field = fieldsIn(layout, message, prefix);
    message.field = message.field.filter((field) => has(protocol, `${name}.${field.name}`));
    if (message.field.every(({ proto3Optional }) => !proto3Optional)) message.oneofDecl = [];
  }
  return file;
}

const goneMessages = ["VersionedDBServer"];

/** The fields that a layout names, with the numbers 1, 2, 3, … */
function fieldsIn(layout: string, { name: message, field: fields }: DescriptorProto, prefix: string) {
  return layout.split(" ").map((entry, i) => {
    const [name = "", type] = entry.split(":");
    const field = type === undefined ? fields.find((field) => field.name === name) : goneField(name, type, prefix);
    if (field === undefined) throw new Error(`${prefix}.${message} has no ${name}`);
    return { ...field, number: i + 1 };
  });
}

function goneField(name: string, type: string, prefix: string): FieldDescriptorProto {
  const scalar = scalars[type];
  if (scalar !== undefined) return create(FieldDescriptorProtoSchema, { name, type: scalar, label: label.OPTIONAL });
  return create(FieldDescriptorProtoSchema, {
    name,
    type: FieldDescriptorProto_Type.MESSAGE,
    typeName: `.${prefix}.${type.replace("[]", "")}`,
    label: type.endsWith("[]") ? label.REPEATED : label.OPTIONAL,
  });
}

const label = FieldDescriptorProto_Label;
const scalars: Readonly<Record<string, FieldDescriptorProto_Type>> = {
  bool: FieldDescriptorProto_Type.BOOL,
  string: FieldDescriptorProto_Type.STRING,
  uint32: FieldDescriptorProto_Type.UINT32,
};
