//! A loaded model: one call a cycle into the compiled RTL.

use crate::error::{Error, Kind, Result};
use libloading::Library;
use std::ffi::{CString, c_char, c_void};
use std::mem::ManuallyDrop;
use std::path::Path;

/// What the harness drives in one cycle. The layout is that of `Inputs` in `shim.cpp`. Bit i of the masks belongs to read master i.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Inputs {
    pub rdata: [u64; 3],
    pub program_address: u32,
    pub program_descriptors: u32,
    pub reset: u8,
    pub start: u8,
    pub arready: u8,
    pub rvalid: u8,
    pub rlast: u8,
    pub awready: u8,
    pub wready: u8,
    pub bvalid: u8,
}

/// What the RTL drives in the same cycle. The layout is that of `Outputs` in `shim.cpp`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Outputs {
    pub wdata: u64,
    pub araddr: [u32; 3],
    pub awaddr: u32,
    pub arlen: [u8; 3],
    pub arvalid: u8,
    pub awlen: u8,
    pub awvalid: u8,
    pub wvalid: u8,
    pub wlast: u8,
    pub issue: u8,
    pub done: u8,
    pub interrupt: u8,
    /// Units that write a bank word.
    pub write: u8,
    /// 4 bits a unit.
    pub write_bank: u32,
    /// Those of the units in `write` are valid.
    pub write_address: [u16; 8],
    pub write_data: [[u32; 16]; 8],
}

type New = unsafe extern "C" fn() -> *mut c_void;
type Delete = unsafe extern "C" fn(*mut c_void);
type Step<I, O> = unsafe extern "C" fn(*mut c_void, *const I, *mut O);
type Trace = unsafe extern "C" fn(*mut c_void, *const c_char);

/// The compiled RTL of one accelerator: its top takes `I` and gives `O` in each cycle.
pub struct Model<I = Inputs, O = Outputs> {
    // Never unloaded: the C++ run-time registers destructors for its threads.
    _library: ManuallyDrop<Library>,
    new: New,
    delete: Delete,
    step: Step<I, O>,
    /// Only in models built for it.
    trace: Option<Trace>,
}

impl<I, O: Default> Model<I, O> {
    /// Loads a library that was built from a shim with these inputs and outputs.
    pub(super) fn load(path: &Path) -> Result<Model<I, O>> {
        let failed = |e: libloading::Error| Error::new(Kind::Environment, format!("cannot load the compiled RTL: {e}")).file(path);
        // SAFETY: the library was compiled from a shim whose functions have these types and no load-time effects.
        unsafe {
            let library = Library::new(path).map_err(failed)?;
            let new = *library.get::<New>(b"bico_new\0").map_err(failed)?;
            let delete = *library.get::<Delete>(b"bico_delete\0").map_err(failed)?;
            let step = *library.get::<Step<I, O>>(b"bico_step\0").map_err(failed)?;
            let trace = library.get::<Trace>(b"bico_trace\0").ok().map(|f| *f);
            Ok(Model { _library: ManuallyDrop::new(library), new, delete, step, trace })
        }
    }

    /// A machine in an unknown state: hold reset before use.
    pub(super) fn machine(&self) -> Machine<'_, I, O> {
        // SAFETY: `bico_new` takes nothing and returns an owned machine.
        Machine { model: self, handle: unsafe { (self.new)() }, outputs: O::default() }
    }
}

/// One instance of the RTL.
pub(super) struct Machine<'a, I, O> {
    model: &'a Model<I, O>,
    handle: *mut c_void,
    outputs: O,
}

impl<I, O: Default> Machine<'_, I, O> {
    /// One clock cycle: inputs are seen, outputs sampled, registers clocked.
    pub fn step(&mut self, inputs: &I) -> &O {
        // SAFETY: the handle is alive, and both structures have the layout of their C++ counterparts.
        unsafe { (self.model.step)(self.handle, inputs, &mut self.outputs) };
        &self.outputs
    }

    /// Writes every net to a VCD file from now on.
    ///
    /// # Errors
    /// When the model was not built for it, or the path has a zero byte.
    pub fn trace(&mut self, path: &Path) -> Result<()> {
        let function = self.model.trace.ok_or_else(|| Error::fault("this model was built without waveforms"))?;
        let path = CString::new(path.as_os_str().as_encoded_bytes()).map_err(|_| Error::input("bad file name").file(path))?;
        // SAFETY: the handle is alive, and the path ends with a zero byte.
        unsafe { function(self.handle, path.as_ptr()) };
        Ok(())
    }
}

impl<I, O> Drop for Machine<'_, I, O> {
    fn drop(&mut self) {
        // SAFETY: the handle came from `bico_new` and is not used again.
        unsafe { (self.model.delete)(self.handle) }
    }
}
