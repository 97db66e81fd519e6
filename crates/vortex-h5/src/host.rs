//! The functions of the libhdf5 that loaded the plugin, found by name at run time.
//!
//! A process may hold several copies, and some hide their symbols (the one of h5py does), so every
//! loaded library is asked.

use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};

/// Identifier of an object of HDF5, 64 bits since version 1.10.
pub(crate) type Id = i64;

/// First version of HDF5 whose identifiers have 64 bits.
const OLDEST: (c_uint, c_uint) = (1, 10);

macro_rules! functions {
    ($($field:ident = $name:literal: fn($($argument:ty),*) -> $result:ty;)*) => {
        /// Functions of one copy of libhdf5, with the types of its headers.
        #[derive(Clone, Copy)]
        pub(crate) struct Functions {
            $(pub(crate) $field: unsafe extern "C" fn($($argument),*) -> $result,)*
        }

        impl Functions {
            /// Those of a library; `None` if one is missing.
            fn of(library: &Library) -> Option<Self> {
                Some(Self {
                    $($field: {
                        let symbol = library.symbol($name)?;
                        type Function = unsafe extern "C" fn($($argument),*) -> $result;
                        // SAFETY: the symbol is the function of HDF5 with this name, whose
                        // parameters and result have not changed since version 1.10.
                        unsafe { std::mem::transmute::<*mut c_void, Function>(symbol) }
                    },)*
                })
            }
        }
    };
}

functions! {
    kind = c"H5Iget_type": fn(Id) -> c_int;
    n_filters = c"H5Pget_nfilters": fn(Id) -> c_int;
    filter_at = c"H5Pget_filter2": fn(Id, c_uint, *mut c_uint, *mut usize, *mut c_uint, usize, *mut c_char, *mut c_uint) -> c_int;
    modify_filter = c"H5Pmodify_filter": fn(Id, c_int, c_uint, usize, *const c_uint) -> c_int;
    chunk = c"H5Pget_chunk": fn(Id, c_int, *mut u64) -> c_int;
    class = c"H5Tget_class": fn(Id) -> c_int;
    size = c"H5Tget_size": fn(Id) -> usize;
    order = c"H5Tget_order": fn(Id) -> c_int;
    sign = c"H5Tget_sign": fn(Id) -> c_int;
    is_variable_text = c"H5Tis_variable_str": fn(Id) -> c_int;
    n_members = c"H5Tget_nmembers": fn(Id) -> c_int;
    member_name = c"H5Tget_member_name": fn(Id, c_uint) -> *mut c_char;
    member_offset = c"H5Tget_member_offset": fn(Id, c_uint) -> usize;
    member_type = c"H5Tget_member_type": fn(Id, c_uint) -> Id;
    super_type = c"H5Tget_super": fn(Id) -> Id;
    array_rank = c"H5Tget_array_ndims": fn(Id) -> c_int;
    array_lengths = c"H5Tget_array_dims2": fn(Id, *mut u64) -> c_int;
    close_type = c"H5Tclose": fn(Id) -> c_int;
    free = c"H5free_memory": fn(*mut c_void) -> c_int;
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
pub(crate) struct ErrorStack {
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
    pub(crate) fn push(&self, message: &CStr, line: u32) -> bool {
        if self.pushed(CURRENT, message, line) {
            return true;
        }
        // From 1.14.5 on, the current stack drops what is pushed while a filter runs, but it can be replaced.
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

/// The functions of all copies in this process that can be seen.
pub(crate) fn functions() -> Vec<Functions> {
    libraries().iter().filter_map(Functions::of).collect()
}

/// The error stacks of all copies in this process that can be seen.
pub(crate) fn error_stacks() -> Vec<ErrorStack> {
    libraries().iter().filter_map(ErrorStack::of).collect()
}

/// Each copy of libhdf5, once.
fn libraries() -> Vec<Library> {
    let mut found = Vec::new();
    let mut known = Vec::new();
    for name in loaded() {
        let Some(library) = Library::loaded(name.as_deref()) else { continue };
        let Some(version) = library.symbol(c"H5get_libversion") else { continue };
        if !known.contains(&version) && is_new_enough(version) {
            known.push(version);
            found.push(library);
        }
    }
    found
}

fn is_new_enough(function: *mut c_void) -> bool {
    type Version = unsafe extern "C" fn(*mut c_uint, *mut c_uint, *mut c_uint) -> c_int;
    let (mut major, mut minor, mut release) = (0, 0, 0);
    // SAFETY: the symbol is the function of HDF5 with these parameters, which writes three numbers.
    let status = unsafe {
        let version = std::mem::transmute::<*mut c_void, Version>(function);
        version(&mut major, &mut minor, &mut release)
    };
    status >= 0 && (major, minor) >= OLDEST
}

/// A library that is loaded.
struct Library {
    #[cfg(unix)]
    handle: *mut c_void,
}

#[cfg(unix)]
impl Library {
    /// The library of a path, if it is loaded; without a path, the program and what it shows to all.
    fn loaded(path: Option<&CStr>) -> Option<Self> {
        let path = path.map_or(std::ptr::null(), CStr::as_ptr);
        // SAFETY: the path ends with a zero byte or is null. Nothing is loaded, so no code runs.
        let handle = unsafe { libc::dlopen(path, libc::RTLD_LAZY | libc::RTLD_NOLOAD) };
        (!handle.is_null()).then_some(Self { handle })
    }

    fn symbol(&self, name: &CStr) -> Option<*mut c_void> {
        // SAFETY: the handle is open until `drop`, and the name ends with a zero byte.
        let symbol = unsafe { libc::dlsym(self.handle, name.as_ptr()) };
        (!symbol.is_null()).then_some(symbol)
    }
}

#[cfg(unix)]
impl Drop for Library {
    /// Lets go of the handle; whoever loaded the library, and called this one, still holds it.
    fn drop(&mut self) {
        // SAFETY: the handle is open and is used no more.
        unsafe { libc::dlclose(self.handle) };
    }
}

#[cfg(not(unix))]
impl Library {
    fn loaded(_: Option<&CStr>) -> Option<Self> {
        None
    }

    fn symbol(&self, _: &CStr) -> Option<*mut c_void> {
        None
    }
}

/// Paths of the loaded libraries; `None` is the program.
#[cfg(target_os = "linux")]
fn loaded() -> Vec<Option<CString>> {
    unsafe extern "C" fn add(info: *mut libc::dl_phdr_info, _: usize, paths: *mut c_void) -> c_int {
        // SAFETY: the linker passes its description of a library and the pointer given below.
        let (name, paths) =
            unsafe { ((*info).dlpi_name, &mut *paths.cast::<Vec<Option<CString>>>()) };
        if !name.is_null() {
            // SAFETY: the linker's names end with a zero byte.
            let name = unsafe { CStr::from_ptr(name) };
            if !name.is_empty() {
                paths.push(Some(name.to_owned()));
            }
        }
        0
    }
    let mut paths = vec![None];
    let to: *mut Vec<Option<CString>> = &mut paths;
    // SAFETY: `add` gets the vector, which outlives the call and is not used elsewhere during it.
    unsafe { libc::dl_iterate_phdr(Some(add), to.cast()) };
    paths
}

#[cfg(not(target_os = "linux"))]
fn loaded() -> Vec<Option<CString>> {
    vec![None]
}
