//! SPIR-V as it must be counted: functions of instructions, calls and loops.

use std::collections::HashMap;

use naga::back::pipeline_constants::process_overrides;
use naga::back::spv;
use naga::proc::BoundsCheckPolicies;
use naga::valid::{Capabilities, ValidationFlags, Validator};
use spirv::{Op, StorageClass};

/// What instructions cost: counts of each class.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Cost {
    /// Integer multiplications.
    pub(crate) multiply: f64,
    /// Integer divisions and remainders.
    pub(crate) divide: f64,
    /// Other integer arithmetic, comparisons and selections; widening and splitting words is free.
    pub(crate) other: f64,
    /// Loads, stores and atomics of workgroup memory.
    pub(crate) workgroup: f64,
    /// Words read from storage buffers.
    pub(crate) storage: f64,
}

impl Cost {
    pub(crate) fn times(self, by: f64) -> Self {
        Self {
            multiply: by * self.multiply,
            divide: by * self.divide,
            other: by * self.other,
            workgroup: by * self.workgroup,
            storage: by * self.storage,
        }
    }

    pub(crate) fn plus(self, more: Self) -> Self {
        Self {
            multiply: self.multiply + more.multiply,
            divide: self.divide + more.divide,
            other: self.other + more.other,
            workgroup: self.workgroup + more.workgroup,
            storage: self.storage + more.storage,
        }
    }
}

#[derive(Debug, Clone)]
enum Item {
    Cost(Cost),
    Call(u32),
    Loop(Vec<Item>),
}

/// A kernel's entry point, compiled.
pub(crate) struct Compiled {
    functions: HashMap<u32, (String, Vec<Item>)>,
    /// Bytes of its workgroup memory.
    pub(crate) workgroup_bytes: u32,
}

impl Compiled {
    /// Compiles an entry point as a run does: overrides at their defaults, checks off.
    pub(crate) fn new(source: &str, entry_point: &str) -> Self {
        let module = naga::front::wgsl::parse_str(source).unwrap();
        let mut validator = Validator::new(ValidationFlags::all(), Capabilities::SHADER_INT64);
        let info = validator.validate(&module).unwrap();
        let stage = naga::ShaderStage::Compute;
        let (module, info) =
            process_overrides(&module, &info, Some((stage, entry_point)), &Default::default())
                .unwrap();
        let options = spv::Options {
            flags: spv::WriterFlags::DEBUG,
            bounds_check_policies: BoundsCheckPolicies::default(),
            zero_initialize_workgroup_memory: spv::ZeroInitializeWorkgroupMemoryMode::None,
            force_loop_bounding: false,
            ..spv::Options::default()
        };
        let entry_point = entry_point.to_owned();
        let of = spv::PipelineOptions { shader_stage: stage, entry_point };
        let words = spv::write_vec(&module, &info, &options, Some(&of)).unwrap();
        Reader::default().read(&words[5..])
    }

    /// The cost of a function, those it calls included, and both sides of every branch.
    pub(crate) fn of(&self, name: &str, model: &Model<'_>) -> Cost {
        let (_, items) = self.named(name);
        self.sum(name, items, model)
    }

    /// One turn of a function's loop, the `idx`-th to begin in its text.
    pub(crate) fn turn(&self, name: &str, idx: usize, model: &Model<'_>) -> Cost {
        let mut loops = Vec::new();
        all_loops(&self.named(name).1, &mut loops);
        self.sum(name, loops[idx], model)
    }

    fn named(&self, name: &str) -> &(String, Vec<Item>) {
        let found = self.functions.values().find(|(own, _)| own == name);
        found.unwrap_or_else(|| panic!("no function {name}"))
    }

    fn sum(&self, name: &str, items: &[Item], model: &Model<'_>) -> Cost {
        let costs = items.iter().map(|item| match item {
            Item::Cost(cost) => *cost,
            Item::Call(id) => {
                let (callee, items) = &self.functions[id];
                if model.unused.contains(&callee.as_str()) {
                    return Cost::default();
                }
                self.sum(callee, items, model)
            }
            Item::Loop(items) => {
                let trips = model.trips.iter().find(|(of, _)| *of == name);
                let (_, trips) = trips.unwrap_or_else(|| panic!("how often does {name} loop?"));
                self.sum(name, items, model).times(*trips)
            }
        });
        costs.fold(Cost::default(), Cost::plus)
    }
}

/// What the text does not tell.
pub(crate) struct Model<'m> {
    /// How often the loops of a function turn.
    pub(crate) trips: &'m [(&'m str, f64)],
    /// Functions that return at once, and count for nothing.
    pub(crate) unused: &'m [&'m str],
}

fn all_loops<'i>(items: &'i [Item], found: &mut Vec<&'i [Item]>) {
    for item in items {
        if let Item::Loop(body) = item {
            found.push(body);
            all_loops(body, found);
        }
    }
}

#[derive(Default)]
struct Reader {
    names: HashMap<u32, String>,
    /// Words of a type; of a pointer, those that it points to.
    words: HashMap<u32, u32>,
    constants: HashMap<u32, u32>,
    /// Storage class and type of a pointer's type.
    pointers: HashMap<u32, (u32, u32)>,
    type_of: HashMap<u32, u32>,
    workgroup_words: u32,
}

impl Reader {
    fn read(mut self, mut words: &[u32]) -> Compiled {
        let mut functions = HashMap::new();
        let mut function = 0;
        // The body, and the loops that are open in it with their ends.
        let mut open: Vec<(u32, Vec<Item>)> = Vec::new();
        while let [head, ..] = words {
            let (instruction, rest) = words.split_at((head >> 16) as usize);
            words = rest;
            let op = Op::from_u32(head & 0xffff).unwrap();
            let operands = &instruction[1..];
            self.declare(op, operands);
            match op {
                Op::Function => {
                    function = operands[1];
                    open = vec![(0, Vec::new())];
                }
                Op::FunctionEnd => {
                    let name = self.names.get(&function).cloned().unwrap_or_default();
                    let (_, body) = open.pop().unwrap();
                    functions.insert(function, (name, body));
                }
                Op::LoopMerge => open.push((operands[0], Vec::new())),
                Op::Label => {
                    while open.last().is_some_and(|(end, _)| *end == operands[0]) {
                        let (_, body) = open.pop().unwrap();
                        open.last_mut().unwrap().1.push(Item::Loop(body));
                    }
                }
                Op::FunctionCall => open.last_mut().unwrap().1.push(Item::Call(operands[2])),
                _ => {
                    if let (Some((_, body)), Some(cost)) =
                        (open.last_mut(), self.cost(op, operands))
                    {
                        body.push(Item::Cost(cost));
                    }
                }
            }
        }
        Compiled { functions, workgroup_bytes: 4 * self.workgroup_words }
    }

    /// Remembers names, sizes of types, and which value has which type.
    fn declare(&mut self, op: Op, operands: &[u32]) {
        match (op, operands) {
            (Op::Name, [id, text @ ..]) => {
                let bytes: Vec<u8> = text.iter().flat_map(|it| it.to_le_bytes()).collect();
                let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
                self.names.insert(*id, String::from_utf8_lossy(bytes).into_owned());
            }
            (Op::TypeInt, [id, bits, ..]) => self.size(*id, bits / 32),
            (Op::TypeBool, [id, ..]) => self.size(*id, 1),
            (Op::TypeVector, [id, of, n]) => self.size(*id, self.words[of] * n),
            (Op::TypeArray, [id, of, n]) => self.size(*id, self.words[of] * self.constants[n]),
            (Op::TypeStruct, [id, members @ ..]) => {
                // What has no size is an array that ends with its buffer.
                let words = members.iter().map(|it| self.words.get(it).unwrap_or(&0));
                self.size(*id, words.sum());
            }
            (Op::Constant, [_, id, value, ..]) => {
                self.constants.insert(*id, *value);
            }
            (Op::TypePointer, [id, class, of]) => {
                self.pointers.insert(*id, (*class, *of));
            }
            (Op::Variable, [pointer, id, ..]) => {
                let (class, of) = self.pointers[pointer];
                if class == StorageClass::Workgroup as u32 {
                    self.workgroup_words += self.words[&of];
                }
                self.type_of.insert(*id, *pointer);
            }
            (Op::AccessChain, [pointer, id, ..]) => {
                self.type_of.insert(*id, *pointer);
            }
            _ => {}
        }
    }

    fn size(&mut self, id: u32, words: u32) {
        self.words.insert(id, words);
    }

    /// The class of an instruction, if it costs anything.
    fn cost(&self, op: Op, operands: &[u32]) -> Option<Cost> {
        let none = Cost::default();
        let pointer = match op {
            Op::Store => operands[0],
            Op::Load => operands[2],
            _ if format!("{op:?}").starts_with("Atomic") => {
                operands[if op == Op::AtomicStore { 0 } else { 2 }]
            }
            Op::IMul | Op::UMulExtended | Op::SMulExtended => {
                return Some(Cost { multiply: 1.0, ..none });
            }
            Op::UDiv | Op::SDiv | Op::UMod | Op::SRem | Op::SMod => {
                return Some(Cost { divide: 1.0, ..none });
            }
            Op::IAdd
            | Op::ISub
            | Op::SNegate
            | Op::Not
            | Op::Select
            | Op::ExtInst
            | Op::ShiftLeftLogical
            | Op::ShiftRightLogical
            | Op::ShiftRightArithmetic
            | Op::BitwiseAnd
            | Op::BitwiseOr
            | Op::BitwiseXor
            | Op::LogicalAnd
            | Op::LogicalOr
            | Op::LogicalNot
            | Op::IEqual
            | Op::INotEqual
            | Op::ULessThan
            | Op::ULessThanEqual
            | Op::UGreaterThan
            | Op::UGreaterThanEqual
            | Op::SLessThan
            | Op::SLessThanEqual
            | Op::SGreaterThan
            | Op::SGreaterThanEqual => {
                return Some(Cost { other: 1.0, ..none });
            }
            _ => return None,
        };
        let (class, of) = self.pointers[self.type_of.get(&pointer)?];
        if class == StorageClass::Workgroup as u32 {
            return Some(Cost { workgroup: 1.0, ..none });
        }
        let is_storage = class == StorageClass::StorageBuffer as u32 && op == Op::Load;
        is_storage.then(|| Cost { storage: f64::from(self.words[&of]), ..none })
    }
}
