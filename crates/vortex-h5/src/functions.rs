//! The functions of libhdf5 that the filter calls.

use std::ffi::{c_char, c_int, c_uint, c_void};

use crate::libraries::{Id, Library, libraries};

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
    filter_at = c"H5Pget_filter2": fn(
        Id, c_uint, *mut c_uint, *mut usize, *mut c_uint, usize, *mut c_char, *mut c_uint
    ) -> c_int;
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

/// The functions of all copies in this process that can be seen.
pub(crate) fn functions() -> Vec<Functions> {
    libraries().iter().filter_map(Functions::of).collect()
}
