//! The reason of a failure, for the user: HDF5 itself only knows that a filter failed.

use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};

use crate::libraries::{Id, Library, libraries};

/// Puts the reason on the error stack of HDF5, from where programs print it or make exceptions of it;
/// where there is none to be found, it writes a line to the standard error output.
pub(crate) fn report(message: &str, line: u32) {
    let text = CString::new(message.replace('\0', " ")).unwrap_or_default();
    let stacks: Vec<_> = libraries().iter().filter_map(ErrorStack::of).collect();
    let pushed = stacks.iter().filter(|stack| stack.push(&text, line)).count();
    if pushed == 0 {
        eprintln!("{message}");
    }
}

/// `H5Epush2`.
type Push = unsafe extern "C" fn(
    Id,
    *const c_char,
    *const c_char,
    c_uint,
    Id,
    Id,
    Id,
    *const c_char,
    ...
) -> c_int;

/// `H5Ecreate_stack`.
type Create = unsafe extern "C" fn() -> Id;
/// `H5Eset_current_stack`.
type Replace = unsafe extern "C" fn(Id) -> c_int;
/// `H5Eget_num`.
type Count = unsafe extern "C" fn(Id) -> isize;

/// The error stack of one copy of libhdf5, of the current thread.
#[derive(Clone, Copy)]
struct ErrorStack {
    push: Push,
    count: Count,
    create: Create,
    replace: Replace,
    class: Id,
    major: Id,
    minor: Id,
}

/// `H5E_DEFAULT`, the stack of the current thread.
const CURRENT: Id = 0;

impl ErrorStack {
    fn of(library: &Library) -> Option<Self> {
        let push = library.symbol(c"H5Epush2")?;
        let count = library.symbol(c"H5Eget_num")?;
        let create = library.symbol(c"H5Ecreate_stack")?;
        let replace = library.symbol(c"H5Eset_current_stack")?;
        let id = |name| {
            let symbol = library.symbol(name)?.cast::<Id>();
            // SAFETY: the symbol is a variable of HDF5 of this type, set when the library starts.
            Some(unsafe { symbol.read_unaligned() })
        };
        // SAFETY: the symbols are the functions of HDF5 with these names and parameters.
        let (push, count, create, replace) = unsafe {
            (
                std::mem::transmute::<*mut c_void, Push>(push),
                std::mem::transmute::<*mut c_void, Count>(count),
                std::mem::transmute::<*mut c_void, Create>(create),
                std::mem::transmute::<*mut c_void, Replace>(replace),
            )
        };
        Some(Self {
            push,
            count,
            create,
            replace,
            class: id(c"H5E_ERR_CLS_g")?,
            major: id(c"H5E_PLINE_g")?,
            minor: id(c"H5E_CANTFILTER_g")?,
        })
    }

    /// Puts a message on the stack. Returns whether it is there.
    fn push(&self, message: &CStr, line: u32) -> bool {
        if self.pushed(CURRENT, message, line) {
            return true;
        }
        // Newer versions, such as 2.0, pause the current stack while a filter runs: it drops what is pushed, but
        // it can be replaced.
        // SAFETY: the function takes nothing.
        let other = unsafe { (self.create)() };
        // SAFETY: the function takes the number of a stack, and closes it.
        other >= 0 && self.pushed(other, message, line) && unsafe { (self.replace)(other) } >= 0
    }

    fn pushed(&self, stack: Id, message: &CStr, line: u32) -> bool {
        let Self { push, count, class, major, minor, .. } = *self;
        // SAFETY: all pointers are to strings that end with a zero byte and outlive the call, which copies
        // them; the format takes one string, and one is passed.
        unsafe {
            let before = count(stack);
            push(
                stack,
                c"vortex-h5".as_ptr(),
                c"vortex".as_ptr(),
                line,
                class,
                major,
                minor,
                c"%s".as_ptr(),
                message.as_ptr(),
            );
            count(stack) > before
        }
    }
}
